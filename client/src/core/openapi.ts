// Made by scripts/types.mjs from api/openapi.yaml; do not edit.
export interface paths {
    "/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a device in
         * @description Wrong password, unknown account and deactivated user are one answer (invalid_credentials) after the same time. After five wrong passwords in 15 minutes for one account and address every try is 429 with Retry-After. A device without an id gets one.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trade a refresh token for the next one
         * @description The token is spent by it. Using a spent one again ends the session (refresh_reused), except within 30 s and before its successor was used: then the answer holds that same successor.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke this device's tokens */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Public keys that verify access tokens
         * @description Old keys stay through a rotation.
         */
        get: operations["jwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Own profile */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the own profile or password
         * @description A wrong current_password is 403 and counts as a wrong sign-in. A new password ends the user's sessions on all other devices.
         */
        patch: operations["patchMe"];
        trace?: never;
    };
    "/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Own devices; an admin sees the program's */
        get: operations["listDevices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/devices/current/push-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give this device its push token */
        put: operations["putPushToken"];
        post?: never;
        /** Take this device's push token away */
        delete: operations["deletePushToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/devices/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shut a device out, and perhaps order it to erase its store
         * @description For its owner or an admin. From then on every call of the device answers 403 device_revoked, or device_wipe until it confirmed. For an admin the id means that phone, whoever signed in on it, unless user_id names one of them.
         */
        post: operations["revokeDevice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/devices/{id}/wiped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm that this device's store is erased
         * @description The one call open to a device that was ordered to erase itself. The bearer may be any access or refresh token it ever had, expired and spent ones included; a refresh token may stand in the body instead.
         */
        post: operations["confirmWiped"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orgs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The program's organisations */
        get: operations["listOrgs"];
        put?: never;
        /** Make an organisation (admin) */
        post: operations["createOrg"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The program's users (admin) */
        get: operations["listUsers"];
        put?: never;
        /**
         * Make a user (admin)
         * @description An e-mail address that is taken, whatever its case, is 409.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a user (admin)
         * @description active false ends all of the user's sessions at once, and so does a password; a new role or org_id moves what they hold at once. Admins cannot take their own office away (409).
         */
        patch: operations["patchUser"];
        trace?: never;
    };
    "/v1/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Push mutations, then pull a page of changes
         * @description One round trip; either half may be absent. Every write of case data is a mutation here, answered in order with one result each. A client applies a page in this order: drop, remove (unless the local _v is newer), upsert. Bodies may be gzipped: at most 4 MiB on the wire, 16 MiB unpacked, 1,000 mutations.
         */
        post: operations["sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sync/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every table and field, with type and merge policy */
        get: operations["syncSchema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sync/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hear at once when something in scope changed
         * @description Server-Sent Events: a tickle with the sequence number up to which something may be new, at once if something is newer than since, then within 250 ms of a commit; a comment every 20 s. The stream ends when the device is revoked, the user deactivated or the server drained; it outlives the access token. With wait it is one long poll.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sync/digests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sums over everything in scope, to compare with the device's own
         * @description For each bucket and table of the caller's scope now: the count of live rows and the sum modulo 2^32 of the CRC-32 (IEEE) of table/id/_v. With seq > cursor_seq the device pulls first; then it pulls the buckets that differ whole. A scope of more than 20,000 buckets goes on with after = next.
         */
        post: operations["digests"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/referrals/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of the own referrals (referral partner)
         * @description All that a referral partner ever reads of people and cases. Beside it they get the totals of the summary, the organisations, and the rows of staff and settings that everybody holds.
         */
        get: operations["listReceipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pairs of people who may be one person, with the reasons (case manager, supervisor)
         * @description Of the people that the caller holds now, in the order of their ids. Numbers are compared by their last ten digits, names without case, accents and signs and with a slip or two where the date of birth is the same, dates with a slip where the name is.
         */
        get: operations["listDuplicates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/people/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make one person of two (case manager, supervisor)
         * @description Rows, services, grants and codes of merge pass to keep, and what comes for merge later is turned to keep. Devices hear of it in their next pull. Sent again with the same id it answers the same. Who does not hold both gets 404; where another organisation holds one of them, a case manager gets 403 and a supervisor merges.
         */
        post: operations["mergePeople"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who wrote and read what (admin)
         * @description Newest first, by ids alone: a push with its mutations, a page with the rows it sent, and what was done to accounts. A page may be short, even empty, and have a next. Each hash covers its entry and all before it.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The database is reachable and migrated */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics as Prometheus reads them */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document as a page */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/intensity/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Intensity of effort, service by service
         * @description Outreach workers see the services assigned to them, case managers and supervisors their organisation's, directors the program's without names and person codes. A parameter that is not listed is refused.
         */
        get: operations["intensityServices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/intensity/services/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One service's figures and its attempts, oldest first
         * @description A service that may not be seen is answered like one that does not exist.
         */
        get: operations["intensityService"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/intensity/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Intensity of effort, worker by worker
         * @description Attempts count for who made them, services and outcomes for who held the service. Outreach workers see their own row, case managers and supervisors those of their organisation, directors all rows without names.
         */
        get: operations["intensityWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/intensity/program": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Effort and outcome of all services in view, week by week */
        get: operations["intensityProgram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The monthly summary of a year, rebuilt from single records
         * @description A director's covers the program, a supervisor's their organisation; a referral partner gets the program's totals alone, with counts under 5 withheld, and totals that differ by 1 to 4 from what partners were shown of them before. With frozen, a kept summary is answered to the byte, and as JSON with what came late for it.
         */
        get: operations["summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/summary/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep a summary as it is now */
        post: operations["freezeSummary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/published-check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the printed report of a year disagrees with itself */
        get: operations["publishedCheck"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/export/{table}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every row of a synced table that the caller may see
         * @description What a first pull of the table would bring, as a file: the same scope and fields, without deleted rows. The header Pursuit-Left-Out says what it does not hold. Lists and objects are JSON in their cells.
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reminders/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which reminder of a service comes next, and why
         * @description As the service stands now, if nothing more happens (docs/reminders.md). For outreach workers, case managers and supervisors; a service that the caller does not hold is 404.
         */
        get: operations["previewReminder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incident-counts/{year}/{month}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Enter the shootings of one month, as counts */
        put: operations["putIncidentCount"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            /** @description urn:pursuit:problem: and the code */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @enum {string} */
            code: "bad_json" | "bad_cursor" | "unauthorized" | "token_expired" | "invalid_credentials" | "refresh_reused" | "forbidden" | "device_revoked" | "device_wipe" | "not_found" | "method_not_allowed" | "conflict" | "body_too_large" | "unsupported_encoding" | "invalid_request" | "too_many_mutations" | "unsupported_protocol" | "too_many_attempts" | "internal" | "unavailable" | "busy";
            errors?: {
                location: string;
                message: string;
            }[];
        };
        /** @description The cursor of the next page, or null at the end */
        Next: string | null;
        /** @enum {string} */
        Role: "outreach_worker" | "case_manager" | "supervisor" | "director" | "referral_partner" | "admin";
        /** @enum {string} */
        OrgKind: "lead" | "service_provider" | "law_enforcement" | "community_partner";
        QuietHours: {
            start: string;
            end: string;
        };
        User: {
            /** Format: uuid */
            id: string;
            name: string;
            email: string;
            role: components["schemas"]["Role"];
            /** Format: uuid */
            org_id: string;
            /** Format: uuid */
            program_id: string;
            locale: string;
            time_zone: string;
        };
        Account: components["schemas"]["User"] & {
            quiet_hours: components["schemas"]["QuietHours"] | null;
            active: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        Org: {
            /** Format: uuid */
            id: string;
            name: string;
            kind: components["schemas"]["OrgKind"];
        };
        Device: {
            id: string;
            /** Format: uuid */
            user_id: string;
            name: string;
            platform: string;
            app_version: string;
            /** @enum {string} */
            status: "active" | "revoked" | "wipe_pending" | "wiped";
            /** Format: date-time */
            last_sync_at: string | null;
        };
        SyncRequest: {
            /** @constant */
            protocol: 1;
            /** @description The schema that the app was built for; absent - the server's own. One older than min_schema, as 0 is, is told to upgrade */
            schema?: number;
            /**
             * Format: date-time
             * @description The device's clock now; edits are corrected by its offset
             */
            device_time?: string;
            push?: components["schemas"]["Mutation"][];
            pull?: {
                /** @description Null starts from nothing */
                cursor?: string | null;
                /**
                 * @description Rows of a page; more than 5000 is clamped
                 * @default 1000
                 */
                limit: number;
                tables?: string[] | null;
                /** @description These buckets whole */
                buckets?: string[];
                backfill?: {
                    from_schema?: number;
                };
            } | null;
        };
        Mutation: {
            /** Format: uuid */
            id: string;
            /** @description Mutations of one group apply all or not at all */
            group?: string;
            table: string;
            /** Format: uuid */
            row: string;
            /** @enum {string} */
            op: "insert" | "patch" | "delete";
            /** @description The _v that the device last saw; 0 for an insert */
            base?: number;
            /**
             * Format: date-time
             * @description The device's clock at the edit
             */
            at?: string;
            set?: Record<string, never>;
        };
        Row: {
            /** Format: uuid */
            id: string;
            /** @description The sequence of its last change */
            _v: number;
            /**
             * Format: uuid
             * @description Its bucket
             */
            _b: string;
        };
        Result: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "applied" | "merged" | "deferred" | "quarantined" | "rejected";
            /** @description The row's _v afterwards; with `rejected` as it stands, if `row` is there */
            v?: number;
            duplicate: boolean;
            /** @enum {string} */
            code?: "unknown_table" | "unknown_field" | "invalid_value" | "missing_field" | "row_exists" | "row_gone" | "read_only_field" | "forbidden" | "forbidden_transition" | "group_failed" | "mutation_id_reused";
            message?: string;
            /** @description Of `rejected`; `op` - the role may not do that to the table, `row` - not to this row */
            field?: string;
            row?: components["schemas"]["Row"];
            /** @description Records of what lost; always there with `merged` */
            conflicts?: string[];
        };
        SyncAnswer: {
            /** @constant */
            protocol: 1;
            epoch: string;
            /** Format: date-time */
            server_time: string;
            seq: number;
            results: components["schemas"]["Result"][];
            /** @description By table */
            changes?: {
                [key: string]: {
                    upsert?: components["schemas"]["Row"][];
                    remove?: {
                        /** Format: uuid */
                        id: string;
                        _v: number;
                    }[];
                };
            };
            /** @description Buckets no longer held */
            drop?: string[];
            cursor?: string;
            /** @description false: ask again with the cursor */
            complete?: boolean;
            /** @description true: the named buckets whole, instead of what is there */
            replace?: boolean;
            directive: null | {
                /** @enum {string} */
                kind: "reconcile" | "upgrade";
                min_schema?: number;
            };
        };
        SyncSchema: {
            schema: number;
            min_schema: number;
            tables: {
                [key: string]: {
                    bucket: string;
                    /** @description The schema that brought the table; absent - the first */
                    since?: number;
                    fields: {
                        [key: string]: {
                            type: string;
                            /** @enum {string} */
                            policy: "latest" | "union" | "text" | "authority" | "max";
                            required: boolean;
                            /** @description Only the server sets it */
                            read_only: boolean;
                            /** @description true: the insert sets it, and nothing after; absent - no */
                            fixed?: boolean;
                            /** @description Its codes */
                            values?: string[];
                            /** @description In characters; of a list, of each entry */
                            max_length?: number;
                            /** @description Of integers and numbers */
                            minimum?: number;
                            /** @description Of integers and numbers */
                            maximum?: number;
                            /** @description Fields of a table with the same unit merge together */
                            unit?: string;
                            /** @description What an insert without the field gets */
                            default?: string;
                            /** @description The schema that brought the field; absent - the table's */
                            since?: number;
                        };
                    };
                };
            };
        };
        Viewed: {
            /** Format: date */
            as_of: string;
            /** Format: date */
            from: string | null;
            /** Format: date */
            to: string;
        };
        /** @enum {string} */
        ServiceStatus: "pursuing" | "slo_engaged" | "enrolled" | "short_term" | "refused" | "unable_to_place" | "closed";
        ServiceFigures: {
            /** Format: uuid */
            service_id: string;
            /** @description Null for directors */
            person_code: string | null;
            track: string;
            org_id: string;
            status: string;
            /** @description Who holds the service; null when nobody does */
            worker_id: string | null;
            /** Format: date */
            referred_on: string;
            attempts: number;
            pursuit_days: number;
            channels_used: number;
            reached: number;
            third_party: number;
            attempts_per_week: number | null;
            reach_rate: number | null;
            third_party_rate: number | null;
            freshness_minutes: number | null;
            channels: {
                [key: string]: number;
            };
            channels_ever: number;
            ladder_coverage: number;
            never_attempted: boolean;
            /** Format: date-time */
            first_attempt_at: string | null;
            /** Format: date-time */
            last_attempt_at: string | null;
            days_since_last_attempt: number | null;
            longest_gap_days: number | null;
            hours_to_first_attempt: number | null;
            days_to_first_contact: number | null;
            days_to_engagement: number | null;
            days_to_enrollment: number | null;
            /** Format: date-time */
            last_sync_at: string | null;
            stale: boolean;
        };
        WorkerFigures: {
            worker_id: string;
            /** @description Absent for directors */
            name?: string;
            org_id: string;
            attempts: number;
            pursuit_days: number;
            channels_used: number;
            reached: number;
            third_party: number;
            attempts_per_week: number | null;
            reach_rate: number | null;
            third_party_rate: number | null;
            freshness_minutes: number | null;
            channels: {
                [key: string]: number;
            };
            services: number;
            never_attempted: number;
            engaged: number;
            enrolled: number;
            /** Format: date-time */
            last_attempt_at: string | null;
            days_since_last_attempt: number | null;
            /** Format: date-time */
            last_sync_at: string | null;
            stale: boolean;
        };
        ProgramFigures: {
            weeks: {
                /**
                 * Format: date
                 * @description Its Monday
                 */
                week: string;
                attempts: number;
                reached: number;
                channels: {
                    [key: string]: number;
                };
                engaged: number;
                enrolled: number;
            }[];
            attempts: number;
            pursuit_days: number;
            channels_used: number;
            reached: number;
            third_party: number;
            attempts_per_week: number | null;
            reach_rate: number | null;
            third_party_rate: number | null;
            freshness_minutes: number | null;
            channels: {
                [key: string]: number;
            };
            services: number;
            in_pursuit: number;
            never_attempted: number;
            statuses: {
                [key: string]: number;
            };
            median_days_to_first_contact: number | null;
            median_days_to_engagement: number | null;
            median_days_to_enrollment: number | null;
            stale_workers: number;
        };
        SummaryRow: {
            /** @description Absent in totals */
            month?: number;
            shooting_incidents: number | null;
            injury_fatal_shootings: number | null;
            assessed: number | null;
            appropriate_for_referral: number | null;
            other_referrals: number | null;
            referred: number | null;
            out_slo_icm: number | null;
            out_hhp: number | null;
            out_tvif: number | null;
            pursuing: number | null;
            slo: number | null;
            icm: number | null;
            enrolled_slo_icm: number | null;
            enrolled_hhp_tvif: number | null;
            short_term: number | null;
            refused: number | null;
            unable_to_place: number | null;
            engaged: number | null;
            sscc: number | null;
            pps: number | null;
            custom_notifications: number | null;
            call_ins: number | null;
            call_in_meetings: number | null;
            relocations: number | null;
            n: number | null;
            /** @description Figures withheld because they are small, near one that partners were shown before, or give such a one away */
            suppressed: string[];
        };
        Check: {
            name: string;
            left: number;
            right: number;
            holds: boolean;
            /** @description Where it fails */
            months?: number[];
        };
        Summary: {
            year: number;
            /** Format: date */
            as_of: string;
            rows: components["schemas"]["SummaryRow"][];
            totals: components["schemas"]["SummaryRow"];
            checks: components["schemas"]["Check"][];
            notices: components["schemas"]["Check"][];
            /** Format: uuid */
            frozen?: string;
            /** Format: date-time */
            frozen_at?: string;
            /** @description Rows that changed after it was frozen and would have counted */
            late?: {
                table: string;
                /** Format: uuid */
                id: string;
                seq: number;
            }[];
        };
    };
    responses: {
        /** @description What went wrong (RFC 9457) */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Yes */
        Alive: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "ok";
                    /**
                     * @description Of /readyz alone: FCM refuses the push credential. Devices still sync.
                     * @constant
                     */
                    push?: "credential_refused";
                };
            };
        };
        /** @description Signed in */
        Tokens: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    access_token: string;
                    /** @constant */
                    token_type: "Bearer";
                    /** @description Seconds */
                    expires_in: number;
                    refresh_token: string;
                    device_id: string;
                    user: components["schemas"]["User"];
                };
            };
        };
        /** @description The profile */
        Me: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["User"] & {
                    quiet_hours: components["schemas"]["QuietHours"] | null;
                };
            };
        };
    };
    parameters: {
        /** @description Entries of a page; more than 500 is clamped */
        limit: number;
        /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
        cursor: string;
        /** @description First date counted; the beginning when it is not given */
        from: string;
        /** @description Last date counted; as_of when it is not given */
        to: string;
        /** @description The end of this date in the program's time zone; now when it is not given */
        asOf: string;
        format: "json" | "csv" | "xlsx";
        track: "slo_icm" | "hhp" | "tvif";
        /** @description Within what the caller may see */
        orgFilter: string;
        /** @description The device's own id */
        device: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    /** @description One of more than 1,024 bytes is never right */
                    password: string;
                    device?: {
                        /** @description The device's own id; it stays the same over sign-ins */
                        id?: string;
                        name?: string;
                        platform?: string;
                        app_version?: string;
                    };
                };
            };
        };
        responses: {
            200: components["responses"]["Tokens"];
            default: components["responses"]["Problem"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refresh_token: string;
                    /** @description If given, the token must be this device's */
                    device_id?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Tokens"];
            default: components["responses"]["Problem"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    jwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JWK set (RFC 7517, RFC 8037) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keys: {
                            /** @constant */
                            kty: "OKP";
                            /** @constant */
                            crv: "Ed25519";
                            x: string;
                            kid: string;
                            /** @constant */
                            use: "sig";
                            /** @constant */
                            alg: "EdDSA";
                        }[];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Me"];
            default: components["responses"]["Problem"];
        };
    };
    patchMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                    /** @description BCP 47 language tag */
                    locale?: string;
                    /** @description IANA name; empty for the program's */
                    time_zone?: string;
                    /** @description null: the program's hours again */
                    quiet_hours?: components["schemas"]["QuietHours"] | null;
                    current_password?: string;
                    /** @description At most 1,024 bytes in UTF-8 */
                    new_password?: string;
                };
            };
        };
        responses: {
            200: components["responses"]["Me"];
            default: components["responses"]["Problem"];
        };
    };
    listDevices: {
        parameters: {
            query?: {
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of devices */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        devices: components["schemas"]["Device"][];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    putPushToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                };
            };
        };
        responses: {
            /** @description Stored */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    deletePushToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    revokeDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The device's own id */
                id: components["parameters"]["device"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @default false */
                    wipe?: boolean;
                    /** Format: uuid */
                    user_id?: string;
                };
            };
        };
        responses: {
            /** @description The device as it stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    confirmWiped: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The device's own id */
                id: components["parameters"]["device"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    refresh_token?: string;
                };
            };
        };
        responses: {
            /** @description Noted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    listOrgs: {
        parameters: {
            query?: {
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of organisations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        orgs: components["schemas"]["Org"][];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createOrg: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    kind: components["schemas"]["OrgKind"];
                };
            };
        };
        responses: {
            /** @description The new organisation */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Org"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        users: components["schemas"]["Account"][];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    name: string;
                    /** @description At most 1,024 bytes in UTF-8 */
                    password: string;
                    role: components["schemas"]["Role"];
                    /** Format: uuid */
                    org_id: string;
                    locale?: string;
                    time_zone?: string;
                };
            };
        };
        responses: {
            /** @description The new user */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    patchUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email?: string;
                    name?: string;
                    /** @description At most 1,024 bytes in UTF-8 */
                    password?: string;
                    role?: components["schemas"]["Role"];
                    /** Format: uuid */
                    org_id?: string;
                    locale?: string;
                    time_zone?: string;
                    active?: boolean;
                };
            };
        };
        responses: {
            /** @description The user as they stand now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    sync: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SyncRequest"];
            };
        };
        responses: {
            /** @description Results of the push and one page of the pull */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncAnswer"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    syncSchema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schema of this server */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncSchema"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    live: {
        parameters: {
            query?: {
                /** @description The seq of the device's last pull; absent - only what comes from now on */
                since?: number;
                /** @description Seconds of a long poll; absent - a stream */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream, or the long poll's news */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                    "application/json": {
                        seq: number;
                    };
                };
            };
            /** @description Nothing new within the wait */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    digests: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cursor?: string | null;
                    /** Format: uuid */
                    after?: string;
                };
            };
        };
        responses: {
            /** @description The sums */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        seq: number;
                        /** @description Up to where a device with that cursor has everything */
                        cursor_seq: number;
                        buckets: {
                            [key: string]: {
                                [key: string]: number[];
                            };
                        };
                        /** Format: uuid */
                        next?: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listReceipts: {
        parameters: {
            query?: {
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of receipts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        receipts: {
                            /** Format: uuid */
                            id: string;
                            /** Format: date */
                            received_on: string;
                            /** @enum {string} */
                            status: "received" | "closed";
                        }[];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listDuplicates: {
        parameters: {
            query?: {
                /** @description Only pairs with this person */
                person_id?: string;
                /** @description Only pairs for this reason */
                reason?: "phone" | "name_birth_date";
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of pairs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        duplicates: {
                            /** @description The smaller id first */
                            people: {
                                /** Format: uuid */
                                id: string;
                                code: string;
                                first_name: string | null;
                                last_name: string | null;
                                /** Format: date */
                                date_of_birth: string | null;
                                phones: string[];
                                /** Format: date-time */
                                created_at: string;
                            }[];
                            reasons: ("phone" | "name_birth_date")[];
                        }[];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    mergePeople: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description Of the request, made by the caller like a mutation's
                     */
                    id: string;
                    /**
                     * Format: uuid
                     * @description The person who stays
                     */
                    keep: string;
                    /**
                     * Format: uuid
                     * @description The person who becomes them
                     */
                    merge: string;
                };
            };
        };
        responses: {
            /** @description They are one person, now or already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        /**
                         * Format: uuid
                         * @description Who both are; not keep, if that was merged into somebody
                         */
                        person_id: string;
                        /** @description That person's _v afterwards */
                        v: number;
                        /** @description Records of values that both had and that differ */
                        conflicts: string[];
                        /** @description This request was answered before */
                        duplicate: boolean;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
                /** @description A user's id */
                actor?: string;
                /** @description A device's own id */
                device?: string;
                /** @description push, settle, pull, org.made, user.made, user.change, device.revoke, … */
                action?: string;
                /** @description The id of a row, a user or a mutation that entries name */
                row?: string;
                /** @description From this moment on */
                from?: string;
                /** @description Before this moment */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of entries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        entries: {
                            n: number;
                            /** Format: date-time */
                            at: string;
                            /**
                             * Format: uuid
                             * @description null: the server itself
                             */
                            actor: string | null;
                            device: string | null;
                            action: string;
                            /** @description Ids and counts; rows: [{table, row, v, mutation, op, status}]; of an export also query: what was asked */
                            detail: unknown;
                            hash: string;
                        }[];
                        next: components["schemas"]["Next"];
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Alive"];
            default: components["responses"]["Problem"];
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Alive"];
            default: components["responses"]["Problem"];
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page without scripts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    intensityServices: {
        parameters: {
            query?: {
                /** @description Who holds the service as of as_of */
                worker_id?: string;
                /** @description Within what the caller may see */
                org_id?: components["parameters"]["orgFilter"];
                /** @description As of as_of */
                status?: components["schemas"]["ServiceStatus"];
                track?: components["parameters"]["track"];
                /** @description First date counted; the beginning when it is not given */
                from?: components["parameters"]["from"];
                /** @description Last date counted; as_of when it is not given */
                to?: components["parameters"]["to"];
                /** @description The end of this date in the program's time zone; now when it is not given */
                as_of?: components["parameters"]["asOf"];
                /** @description What the answer carries of a service but channels, with "-" before it for the largest first; nulls come last either way */
                sort?: string;
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
                format?: components["parameters"]["format"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of services; as a file every one of them */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Viewed"] & {
                        services: components["schemas"]["ServiceFigures"][];
                        next: components["schemas"]["Next"];
                    };
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    intensityService: {
        parameters: {
            query?: {
                /** @description First date counted; the beginning when it is not given */
                from?: components["parameters"]["from"];
                /** @description Last date counted; as_of when it is not given */
                to?: components["parameters"]["to"];
                /** @description The end of this date in the program's time zone; now when it is not given */
                as_of?: components["parameters"]["asOf"];
                format?: components["parameters"]["format"];
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures; as CSV the attempts */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Viewed"] & components["schemas"]["ServiceFigures"] & {
                        timeline: {
                            /** Format: uuid */
                            attempt_id: string;
                            /** Format: date-time */
                            occurred_at: string;
                            worker_id: string;
                            channel: string;
                            outcome: string;
                            /** @enum {string} */
                            verdict: "counted" | "clock_suspect" | "after_as_of" | "outside_pursuit" | "duplicate";
                            in_window: boolean;
                        }[];
                    };
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    intensityWorkers: {
        parameters: {
            query?: {
                worker_id?: string;
                /** @description Within what the caller may see */
                org_id?: components["parameters"]["orgFilter"];
                track?: components["parameters"]["track"];
                /** @description First date counted; the beginning when it is not given */
                from?: components["parameters"]["from"];
                /** @description Last date counted; as_of when it is not given */
                to?: components["parameters"]["to"];
                /** @description The end of this date in the program's time zone; now when it is not given */
                as_of?: components["parameters"]["asOf"];
                /** @description Entries of a page; more than 500 is clamped */
                limit?: components["parameters"]["limit"];
                /** @description The next of the page before, with the same filters and order; empty or absent: from the beginning */
                cursor?: components["parameters"]["cursor"];
                format?: components["parameters"]["format"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of workers; as a file every one of them */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Viewed"] & {
                        workers: components["schemas"]["WorkerFigures"][];
                        next: components["schemas"]["Next"];
                    };
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    intensityProgram: {
        parameters: {
            query?: {
                /** @description Within what the caller may see */
                org_id?: components["parameters"]["orgFilter"];
                track?: components["parameters"]["track"];
                /** @description First date counted; the beginning when it is not given */
                from?: components["parameters"]["from"];
                /** @description Last date counted; as_of when it is not given */
                to?: components["parameters"]["to"];
                /** @description The end of this date in the program's time zone; now when it is not given */
                as_of?: components["parameters"]["asOf"];
                format?: components["parameters"]["format"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The weeks without holes, and the medians by Kaplan–Meier; as a file the weeks */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Viewed"] & components["schemas"]["ProgramFigures"];
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    summary: {
        parameters: {
            query?: {
                /** @description Needed unless frozen is given */
                year?: number;
                /** @description The end of this date in the program's time zone; now when it is not given */
                as_of?: components["parameters"]["asOf"];
                /** @description The id of a frozen summary */
                frozen?: string;
                format?: components["parameters"]["format"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The summary */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    freezeSummary: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    year: number;
                    /**
                     * Format: date
                     * @description Today, when it is not given
                     */
                    as_of?: string | null;
                };
            };
        };
        responses: {
            /** @description Kept */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    publishedCheck: {
        parameters: {
            query: {
                /** @description Only 2024 is known */
                year: number;
                format?: components["parameters"]["format"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The printed summary, its identities, and its contradictions side by side */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        year: number;
                        source: string;
                        rows: components["schemas"]["SummaryRow"][];
                        totals: components["schemas"]["SummaryRow"];
                        checks: components["schemas"]["Check"][];
                        disagreements: {
                            topic: string;
                            printed: string;
                            against: string;
                            printed_count: number | null;
                            table_count: number | null;
                        }[];
                    };
                    "text/csv": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    export: {
        parameters: {
            query?: {
                format?: "csv" | "xlsx" | "ndjson";
            };
            header?: never;
            path: {
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Pursuit-Left-Out"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                    "application/x-ndjson": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    previewReminder: {
        parameters: {
            query: {
                service_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What comes next */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: uuid */
                        service_id: string;
                        /** Format: date-time */
                        as_of: string;
                        /** @description It is due already and will be raised at once */
                        due: boolean;
                        next: {
                            rule?: string;
                            kind?: string;
                            /** Format: date-time */
                            due_at?: string;
                            /** @description Of whom it tells; empty for the owner of an action item */
                            role?: string;
                            user_id?: string;
                            escalation?: number;
                        } | null;
                        /** @description Roles, counts and times; no name, no code */
                        why: string;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    putIncidentCount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                year: string;
                month: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    injury_fatal_shootings?: number | null;
                    shooting_incidents?: number | null;
                };
            };
        };
        responses: {
            /** @description What stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        year: number;
                        month: number;
                        injury_fatal_shootings: number | null;
                        shooting_incidents: number | null;
                    };
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
