"""One SELECT over the documented views is run; everything else is refused, and says what is not."""

from __future__ import annotations

from contextlib import suppress

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.engines import CANARY, engine_of, ground, job, shared_engine
from attacks.statements import LOCKED, stopped_by_locks
from mcp_server_zendesk.analytics.querying import worker
from mcp_server_zendesk.analytics.querying.functions import FUNCTIONS, allowed
from mcp_server_zendesk.analytics.querying.permitted import NotPermitted
from mcp_server_zendesk.analytics.views import VIEWS


@pytest.fixture
def engine() -> duckdb.DuckDBPyConnection:
    return shared_engine()


QUESTIONS = (
    "SELECT 1;",
    "select 1 -- the end",
    "/* first */ FROM tickets",
    "TABLE tickets",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM Tickets AS t(a, b)",
    'SELECT "Tickets".id FROM "TICKETS"',
    "SELECT t.* EXCLUDE (subject) REPLACE (upper(status) AS status) FROM tickets t",
    "SELECT COLUMNS('.*_minutes') FROM tickets",
    "SELECT status, count(*) FROM tickets GROUP BY ALL ORDER BY ALL LIMIT 3 OFFSET 0",
    "SELECT status, channel, count(*) FROM tickets GROUP BY ROLLUP (status, channel)",
    "SELECT status, grouping(status) FROM tickets GROUP BY CUBE (status)",
    "SELECT DISTINCT ON (status) id FROM tickets ORDER BY status, created_at DESC",
    "SELECT count(*) FILTER (WHERE status = 'open') * 1.0 / count(*) FROM tickets",
    "SELECT quantile_cont(first_reply_minutes, [0.5, 0.9]) FROM tickets",
    "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY first_reply_minutes) FROM tickets",
    "SELECT median(first_reply_minutes), mode(status), arg_max(id, created_at) FROM tickets",
    (
        "SELECT date_trunc('week', created_at) w, dayname(created_at), count(*) FROM tickets "
        "GROUP BY ALL"
    ),
    (
        "SELECT extract(dow FROM created_at), created_at::DATE, created_at AT TIME ZONE "
        "'Asia/Tokyo' FROM tickets WHERE created_at BETWEEN now() - INTERVAL 3 DAY "
        "AND current_timestamp"
    ),
    "SELECT time_bucket(INTERVAL '1 day', created_at) FROM tickets WHERE created_at < today()",
    "SELECT date_diff('minute', created_at, solved_at), age(created_at) FROM tickets",
    (
        "SELECT row_number() OVER (PARTITION BY status ORDER BY id) n, lag(id) OVER w, avg(id) "
        "OVER (ORDER BY created_at RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW) "
        "FROM tickets WINDOW w AS (ORDER BY id) QUALIFY n = 1"
    ),
    "WITH a AS (SELECT id FROM tickets), b AS (FROM a) SELECT * FROM a JOIN b USING (id)",
    "WITH tickets AS (SELECT id FROM tickets) FROM tickets",
    "WITH RECURSIVE days(d) AS (SELECT 1 UNION ALL SELECT d + 1 FROM days WHERE d < 5) FROM days",
    "WITH a AS MATERIALIZED (FROM users) SELECT (SELECT count(*) FROM a) FROM a",
    (
        "SELECT * FROM (WITH x AS (SELECT 1 AS i) FROM x) JOIN (WITH x AS (SELECT 1 AS i) "
        "FROM x) USING (i)"
    ),
    "SELECT id FROM tickets WHERE id IN (SELECT ticket_id FROM tags WHERE tag = 'vip')",
    "SELECT t.id, (SELECT count(*) FROM comments c WHERE c.ticket_id = t.id) FROM tickets t",
    (
        "SELECT 1 FROM tickets t WHERE EXISTS (FROM tags WHERE ticket_id = t.id) AND id = ANY "
        "(SELECT 1)"
    ),
    (
        "FROM tickets t LEFT JOIN users u ON u.id = t.requester_id SEMI JOIN tags g ON "
        "g.ticket_id = t.id"
    ),
    (
        "SELECT * FROM tickets ASOF JOIN status_changes s ON tickets.id = s.ticket_id AND "
        "tickets.created_at <= s.changed_at"
    ),
    "SELECT unnest(tags), id FROM tickets",
    "FROM tickets, unnest(tags) AS u(tag)",
    "SELECT d::DATE FROM generate_series(now() - INTERVAL 3 DAY, now(), INTERVAL 1 DAY) s(d)",
    "SELECT range FROM range(5)",
    "PIVOT tickets ON status IN ('open', 'new') USING count(*) GROUP BY channel",
    "FROM tickets PIVOT (count(*) FOR status IN ('open', 'new'))",
    "UNPIVOT (SELECT replies, reopens FROM tickets) ON replies, reopens",
    "SELECT id FROM tickets UNION ALL BY NAME SELECT id FROM users",
    "SELECT id FROM tickets EXCEPT SELECT id FROM users INTERSECT SELECT 1",
    "FROM tickets TABLESAMPLE 10%",
    (
        "SELECT list_transform([1, 2], lambda x: x + 1), [x * 2 FOR x IN [1, 2] IF x > 1], "
        "[1, 2, 3][1:2]"
    ),
    "SELECT {'a': 1}.a, MAP {'a': 1}['a'], struct_pack(b := 2), to_json(tags) FROM tickets",
    (
        "SELECT subject LIKE 'a%', subject ILIKE 'A_', subject SIMILAR TO 'a.*', subject ~ 'a', "
        "regexp_extract(subject, '(a)', 1), subject COLLATE NOCASE = 'A', 'a' || 'b' FROM tickets"
    ),
    (
        "SELECT CASE WHEN id > 1 THEN 'x' ELSE 'y' END, coalesce(priority, 'none'), nullif(1, 2), "
        "if(true, 1, 2), ifnull(NULL, 1), CAST('1' AS INT), TRY_CAST('x' AS INT), '1'::INT, -id, "
        "NOT true, id IS NULL, id IS DISTINCT FROM 2, 7 // 2, 7 % 2, 2 ** 3 FROM tickets"
    ),
    (
        "SELECT strftime(created_at, '%Y-%m'), strptime('2026-01', '%Y-%m'), "
        "epoch(created_at) FROM tickets"
    ),
    (
        "SELECT trim(' a '), substring('abc' FROM 1 FOR 2), position('a' IN 'b'), "
        "split_part('a', 'b', 1)"
    ),
    "SUMMARIZE tickets",
    "SUMMARIZE SELECT id FROM tickets",
    "DESCRIBE SELECT count(*) AS n FROM tickets",
    "SELECT * FROM (DESCRIBE tickets)",
)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_question_that_a_model_would_ask_is_answered(
    engine: duckdb.DuckDBPyConnection, sql: str
) -> None:
    assert "rows" in worker.answered(engine, job(ground(), sql))


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SHOW TABLES", "*"),
        ("show tables;", "*"),
        ("DESCRIBE tickets", "tickets"),
        ("DESC tickets", "tickets"),
        ("SHOW users", "users"),
        ("DESCRIBE (FROM sla_breaches)", "sla_breaches"),
    ],
)
def test_what_there_is_can_be_asked(engine: duckdb.DuckDBPyConnection, sql: str, what: str) -> None:
    assert worker.answered(engine, job(ground(), sql)) == {"describes": what}


REFUSED = (
    "",
    " ; ",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL spatial FROM community",
    "UPDATE EXTENSIONS",
    "CREATE SECRET s (TYPE s3)",
    "CREATE TABLE a (i INT)",
    "INSERT INTO tickets VALUES (1)",
    "UPDATE tickets SET id = 1",
    "DELETE FROM tickets",
    "MERGE INTO tickets USING users ON true WHEN MATCHED THEN DELETE",
    "ALTER VIEW tickets RENAME TO x",
    "DETACH store",
    "BEGIN",
    "CHECKPOINT store",
    "VACUUM",
    "SET threads = 64",
    "SET VARIABLE a = 1",
    "PREPARE a AS SELECT 1",
    "EXECUTE a",
    "COMMENT ON TABLE tickets IS 'x'",
    "IMPORT DATABASE 'x'",
    "SELECT $1",
    "SELECT ?",
    "SELECT getenv('HOME')",
    "SELECT getvariable('x')",
    "SELECT nextval('x')",
    "SELECT current_query()",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT error('x')",
    "FROM 'https://evil.example/a.csv'",
    "FROM read_csv('http://127.0.0.1:1/a.csv')",
    "FROM 's3://bucket/a.parquet'",
    "FROM iceberg_scan('x')",
    "FROM repeat(1, 5)",
    "FROM main.tickets",
    "FROM temp.tickets",
    "FROM memory.main.tickets",
    "FROM store.kept.tickets",
    "FROM kept.tickets",
    "FROM kept",
    "FROM tickets AT (VERSION => 1)",
    "SELECT * FROM (SHOW TABLES)",
    "SHOW kept",
    "DESCRIBE nothing",
    "SUMMARIZE nothing",
    "SELECT system.main.abs(1)",
    "PIVOT tickets ON status USING count(*)",
    "EXPLAIN SELECT 1",
    "CALL pragma_version()",
    "PRAGMA show_tables",
    "FROM tickets, sqlite_master",
    "SELECT (SELECT (SELECT (FROM sqlite_temp_master)))",
    "FROM duckdb_tables",
    "FROM t\u0456ckets",
    "SELECT 1\u037e SELECT 2",
)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_no_question_is_refused(engine: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises((NotPermitted, duckdb.ParserException)):
        worker.answered(engine, job(ground(), sql))


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {'(' * 5_000}1{')' * 5_000}",
        f"SELECT id FROM tickets WHERE {' OR '.join(f'id = {n}' for n in range(1_000))}",  # noqa: S608
        f"SELECT {' + '.join(['1'] * 3_000)}",
        "".join("SELECT * FROM (" for _ in range(600)) + "SELECT 1" + ")" * 600,
        f"SELECT {'[' * 3_000}{']' * 3_000}",
        f"SELECT {'NOT ' * 3_000} true",
        f"SELECT {'CASE WHEN true THEN ' * 1_000} 1 {'END ' * 1_000}",
    ],
    ids=["brackets", "ors", "sums", "subqueries", "lists", "nots", "cases"],
)
def test_what_is_nested_deeply_ends_in_an_answer_or_an_error(
    engine: duckdb.DuckDBPyConnection, sql: str
) -> None:
    with suppress(NotPermitted, duckdb.Error):
        assert "rows" in worker.answered(engine, job(ground(), sql))


_WORDS = "SELECT FROM WHERE ( ) , ; -- /* */ ' \" tickets users sqlite_master kept . * 1 = "
_WORDS += "read_text count WITH a AS UNION COPY TO SET ATTACH $1 [ ] { } :: $$"


@given(
    st.lists(
        st.sampled_from([*_WORDS.split(" "), "\n", "\u00a0"]),
        max_size=15,
    ).map(" ".join)
    | st.text(max_size=60)
)
@settings(max_examples=60)
def test_no_text_does_more_than_ask_or_fail(sql: str) -> None:
    try:
        answer = worker.answered(shared_engine(), job(ground(), sql))
    except (NotPermitted, duckdb.Error):
        return
    assert answer.keys() <= {"describes", "columns", "rows", "total"}
    assert CANARY not in str(answer)


def test_the_engines_locks_hold_where_nobody_looks_at_a_statement() -> None:
    assert len(LOCKED) >= 30
    with engine_of(ground()) as engine:
        harmful = [name for name, sql, harm in LOCKED if not stopped_by_locks(engine, sql, harm)]
    assert not harmful


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("enable_progress_bar", "false"),  # it would be written between the answer's bytes
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("allow_community_extensions", "false"),
        ("allow_unsigned_extensions", "false"),
        ("python_enable_replacements", "false"),
        ("python_scan_all_frames", "false"),
        ("temp_directory", ""),
        ("async_threads", "0"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_engine_is_set_as_it_has_to_be(setting: str, value: str) -> None:
    found = shared_engine().execute(f"SELECT current_setting('{setting}')::VARCHAR").fetchone()
    assert found
    assert found[0].strip("[]") == value


def test_functions_that_tell_keep_wait_or_run_text_are_not_among_those_allowed() -> None:
    closed = "version current_setting getenv getvariable nextval sleep_ms pg_sleep write_log query "
    closed += "read_text current_query json_execute_serialized_sql error setseed uuid __cast"
    assert not [name for name in closed.split() if allowed(name)]
    assert allowed("+")
    assert allowed("->>")
    assert not allowed("")


def test_each_function_that_is_allowed_is_one_of_the_engines() -> None:
    with duckdb.connect(":memory:") as plain:
        rows = plain.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    there = {name for (name,) in rows}
    # What the grammar itself makes of words, and window functions.
    grammar = {"aggregate", "apply", "coalesce", "filter", "grouping", "grouping_id", "ifnull",
               "percentile_cont", "percentile_disc", "reduce", "rank_dense", "cume_dist",
               "dense_rank", "fill", "first_value", "lag", "last_value", "lead", "nth_value",
               "ntile", "percent_rank", "rank", "row_number", "unnest"}  # fmt: skip
    assert FUNCTIONS - grammar <= there


def test_no_view_is_named_as_a_thing_of_the_engine() -> None:
    assert not {view.name for view in VIEWS} & {"sqlite_master", "duckdb_tables", "pragma"}
