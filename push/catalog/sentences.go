package catalog

func english() language {
	return language{title: "Reminder", bodies: map[string]string{
		"first_attempt_due": "A first attempt is due. Open the app to see more.",
		"attempt_due":       "More attempts are due. Open the app to see more.",
		"in_person_due":     "An in-person visit is due. Open the app to see more.",
		"silence":           "Some days have passed without an attempt. Open the app to see more.",
		"review":            "A review is due. Open the app to see more.",
		"short_term_ending": "An end date is near. Open the app to see more.",
		"policy_exception":  "Something needs your review. Open the app to see more.",
		other:               "You have a reminder. Open the app to see more.",
		Digest:              "You have several reminders. Open the app to see them.",
	}}
}

func spanish() language {
	return language{title: "Recordatorio", bodies: map[string]string{
		"first_attempt_due": "Toca hacer un primer intento. Abra la aplicación para ver más.",
		"attempt_due":       "Faltan intentos por hacer. Abra la aplicación para ver más.",
		"in_person_due":     "Falta una visita en persona. Abra la aplicación para ver más.",
		"silence":           "Han pasado varios días sin ningún intento. Abra la aplicación para ver más.",
		"review":            "Hay una revisión pendiente. Abra la aplicación para ver más.",
		"short_term_ending": "Se acerca una fecha de finalización. Abra la aplicación para ver más.",
		"policy_exception":  "Algo requiere su revisión. Abra la aplicación para ver más.",
		other:               "Tiene un recordatorio. Abra la aplicación para ver más.",
		Digest:              "Tiene varios recordatorios. Abra la aplicación para verlos.",
	}}
}

func vietnamese() language {
	return language{title: "Nhắc nhở", bodies: map[string]string{
		"first_attempt_due": "Đã đến hạn liên lạc lần đầu. Mở ứng dụng để xem thêm.",
		"attempt_due":       "Cần liên lạc thêm. Mở ứng dụng để xem thêm.",
		"in_person_due":     "Cần một lần gặp trực tiếp. Mở ứng dụng để xem thêm.",
		"silence":           "Đã nhiều ngày chưa có lần liên lạc nào. Mở ứng dụng để xem thêm.",
		"review":            "Đã đến hạn xem xét. Mở ứng dụng để xem thêm.",
		"short_term_ending": "Sắp đến ngày kết thúc. Mở ứng dụng để xem thêm.",
		"policy_exception":  "Có việc cần quý vị xem xét. Mở ứng dụng để xem thêm.",
		other:               "Quý vị có một lời nhắc. Mở ứng dụng để xem thêm.",
		Digest:              "Quý vị có nhiều lời nhắc. Mở ứng dụng để xem.",
	}}
}

func russian() language {
	return language{title: "Напоминание", bodies: map[string]string{
		"first_attempt_due": "Пора сделать первую попытку. Подробности — в приложении.",
		"attempt_due":       "Нужны ещё попытки. Подробности — в приложении.",
		"in_person_due":     "Нужна личная встреча. Подробности — в приложении.",
		"silence":           "Уже несколько дней не было попыток. Подробности — в приложении.",
		"review":            "Пора провести проверку. Подробности — в приложении.",
		"short_term_ending": "Приближается дата окончания. Подробности — в приложении.",
		"policy_exception":  "Требуется ваша проверка. Подробности — в приложении.",
		other:               "У вас есть напоминание. Подробности — в приложении.",
		Digest:              "У вас несколько напоминаний. Откройте приложение, чтобы их увидеть.",
	}}
}

func somali() language {
	return language{title: "Xusuusin", bodies: map[string]string{
		"first_attempt_due": "Waa waqtigii isku daygii ugu horreeyay. Fur barnaamijka si aad wax badan u aragto.",
		"attempt_due":       "Isku dayo dheeraad ah ayaa loo baahan yahay. Fur barnaamijka si aad wax badan u aragto.",
		"in_person_due":     "Booqasho fool ka fool ah ayaa loo baahan yahay. Fur barnaamijka si aad wax badan u aragto.",
		"silence":           "Dhawr maalmood ayaa ka soo wareegay iyadoo aan wax isku day ah la samayn. Fur barnaamijka si aad wax badan u aragto.",
		"review":            "Waa waqtigii dib u eegista. Fur barnaamijka si aad wax badan u aragto.",
		"short_term_ending": "Taariikh dhammaad ah ayaa soo dhow. Fur barnaamijka si aad wax badan u aragto.",
		"policy_exception":  "Wax ayaa u baahan dib u eegistaada. Fur barnaamijka si aad wax badan u aragto.",
		other:               "Waxaad leedahay xusuusin. Fur barnaamijka si aad wax badan u aragto.",
		Digest:              "Waxaad leedahay dhawr xusuusin. Fur barnaamijka si aad u aragto.",
	}}
}

func chinese() language {
	return language{title: "提醒", bodies: map[string]string{
		"first_attempt_due": "该进行首次联系了。请打开应用查看详情。",
		"attempt_due":       "还需要更多次联系。请打开应用查看详情。",
		"in_person_due":     "需要进行一次当面拜访。请打开应用查看详情。",
		"silence":           "已有数日没有联系记录。请打开应用查看详情。",
		"review":            "有一项审查待处理。请打开应用查看详情。",
		"short_term_ending": "结束日期将近。请打开应用查看详情。",
		"policy_exception":  "有一项事务需要您审查。请打开应用查看详情。",
		other:               "您有一条提醒。请打开应用查看详情。",
		Digest:              "您有多条提醒。请打开应用查看。",
	}}
}

func traditionalChinese() language {
	return language{title: "提醒", bodies: map[string]string{
		"first_attempt_due": "該進行首次聯絡了。請開啟應用程式查看詳情。",
		"attempt_due":       "還需要更多次聯絡。請開啟應用程式查看詳情。",
		"in_person_due":     "需要進行一次當面拜訪。請開啟應用程式查看詳情。",
		"silence":           "已有數日沒有聯絡紀錄。請開啟應用程式查看詳情。",
		"review":            "有一項審查待處理。請開啟應用程式查看詳情。",
		"short_term_ending": "結束日期將近。請開啟應用程式查看詳情。",
		"policy_exception":  "有一項事務需要您審查。請開啟應用程式查看詳情。",
		other:               "您有一則提醒。請開啟應用程式查看詳情。",
		Digest:              "您有多則提醒。請開啟應用程式查看。",
	}}
}
