BEGIN TRANSACTION;
CREATE TABLE event (
            sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, link BLOB NOT NULL) STRICT;
INSERT INTO "event" VALUES(1,'{"at":"2026-03-01T08:00:00.000000+00:00","detail":{"n":"0"},"kind":"entry.granted","method":"card","portal":"\u5317\u95e8","pseudonym":"00ff00ff00ff00ff","reason":"granted"}',X'CF609F430EA797F0DE9EA6496D5C70422ACA1016AB406EFBFF98E253860911D6');
INSERT INTO "event" VALUES(2,'{"at":"2026-03-01T08:01:00.000000+00:00","detail":{"n":"1"},"kind":"entry.refused","method":"card","portal":"\u5317\u95e8","pseudonym":null,"reason":"unknown-card"}',X'21415D93533544DFCB04FD65C1155FD6425CCC5C5923D8E519A0672C50E45504');
INSERT INTO "event" VALUES(3,'{"at":"2026-03-01T08:02:00.000000+00:00","detail":{"n":"2"},"kind":"entry.granted","method":"card","portal":"\u5317\u95e8","pseudonym":"00ff00ff00ff00ff","reason":"granted"}',X'A416442952B12A630525DD5A42A276D1498A09A2E820CCA3E30A6667F3DA3AF1');
INSERT INTO "event" VALUES(4,'{"at":"2026-03-01T08:03:00.000000+00:00","detail":{"n":"3"},"kind":"entry.refused","method":"card","portal":"\u5317\u95e8","pseudonym":null,"reason":"unknown-card"}',X'6106848AA1F19663CDF71FAEF7F55842F28DC84CA626D5301C19BFF9654333EB');
INSERT INTO "event" VALUES(5,'{"at":"2026-03-01T08:04:00.000000+00:00","detail":{"n":"4"},"kind":"entry.granted","method":"card","portal":"\u5317\u95e8","pseudonym":"00ff00ff00ff00ff","reason":"granted"}',X'0D5C9C4029A8BD4574E50ECAEC3518FDCFEA9C4E0716FA113BCCC2BA83868C32');
INSERT INTO "event" VALUES(6,'{"at":"2026-03-01T08:05:00.000000+00:00","detail":{"n":"5"},"kind":"entry.refused","method":"card","portal":"\u5317\u95e8","pseudonym":null,"reason":"unknown-card"}',X'46B9D78C6D52C3945DE168B8CB225F7A423FA4E072B5203CF8AB29E9DCD72AF9');
INSERT INTO "event" VALUES(7,'{"at":"2026-03-01T08:06:00.000000+00:00","detail":{"n":"6"},"kind":"entry.granted","method":"card","portal":"\u5317\u95e8","pseudonym":"00ff00ff00ff00ff","reason":"granted"}',X'94860ABE74A6DBCE9415EE832E4D327776C720734C1AE4702AB3BD3605FCFC5C');
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
INSERT INTO "meta" VALUES('schema',X'31');
INSERT INTO "meta" VALUES('origin',X'099C99E0DD716DBCAB9E0CC0AF67212101B23B0F7936DCD5D2BE76ED0876B360');
INSERT INTO "meta" VALUES('head',X'0737DA198AE8601EC75399050DA88DA6773D65AAE9E20046ECADB9AE8A1537A2');
COMMIT;
