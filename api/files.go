package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/reports"
)

// contentTypes of the files that a report can be answered as.
var contentTypes = map[string]string{
	formatCSV:    "text/csv; charset=utf-8",
	formatXLSX:   "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	formatNDJSON: "application/x-ndjson",
}

// file answers what write makes as a file. It is written whole before the first byte
// is sent, to a nameless file on disk: memory does not grow with it, a fault halfway
// is an error and not half a file, and a slow reader holds no database connection. For
// a caller who takes it so it is packed as it is written, while the database reads on.
func file(c echo.Context, name, format string, write func(io.Writer) error) error {
	spool, err := os.CreateTemp("", "pursuit-report-")
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	defer spool.Close()
	if err := os.Remove(spool.Name()); err != nil { // gone with the request, whatever happens
		return fmt.Errorf("unlink a file: %w", err)
	}
	packed := format != formatXLSX && acceptsGzip(c.Request().Header.Get(echo.HeaderAcceptEncoding))
	if packed {
		err = writePacked(spool, write)
	} else {
		err = write(spool)
	}
	if err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read a file: %w", err)
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "pursuit-"+name+"."+format))
	header.Set(echo.HeaderContentLength, strconv.FormatInt(size, 10))
	if packed {
		header.Set(echo.HeaderContentEncoding, "gzip")
	}
	return c.Stream(http.StatusOK, contentTypes[format], spool)
}

// writePacked packs what write writes.
func writePacked(to io.Writer, write func(io.Writer) error) error {
	p := newPacker(to)
	if err := write(p); err != nil {
		return err // the packer is garbage
	}
	if err := p.end(); err != nil {
		return fmt.Errorf("pack a file: %w", err)
	}
	return nil
}

// tables answers tables as a file: the first of them as CSV, all of them as a workbook.
func tables(c echo.Context, name, format string, list ...reports.Table) error {
	return file(c, name, format, func(w io.Writer) error { return writeTables(w, format, list...) })
}

func writeTables(w io.Writer, format string, list ...reports.Table) error {
	switch {
	case len(list) == 0:
		return models.NotFound()
	case format == formatCSV:
		return reports.WriteCSV(w, list[0])
	}
	return reports.WriteXLSX(w, list...)
}
