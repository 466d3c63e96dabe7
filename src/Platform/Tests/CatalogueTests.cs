using System.Text.RegularExpressions;
using Clientele.Platform.Migrations;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>What the documents got wrong everywhere, held for every table of every module; and their questions about the database itself, put right.</summary>
public sealed partial class CatalogueTests(CatalogueTests.Database database) : IClassFixture<CatalogueTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Defect_022_107_Every_table_with_updated_at_keeps_it()
    {
        var tables = await database.Service.List<string>($"""
            select c.oid::regclass::text || case when t.oid is null then ' does not' else '' end
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped
            join platform.table_access p on p.relation = c.oid::regclass::text
            left join pg_trigger t on t.tgrelid = c.oid and t.tgfoid = 'platform.touch'::regproc and t.tgenabled = 'O'
            where c.relkind in ('r', 'p') and not c.relispartition and p.class <> 'public' and c.oid <> 'log.consumers'::regclass
            """, Ct);
        Assert.True(tables.Count >= 10);
        Assert.DoesNotContain(tables, t => t.EndsWith("does not", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Defect_045_Counters_are_as_wide_as_they_can_grow()
    {
        var narrow = await database.Service.List<string>($"""
            select c.oid::regclass || '.' || a.attname
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('platform', 'log')
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid in ('integer'::regtype, 'smallint'::regtype)
            where c.relkind in ('r', 'p') and a.attname ~ '(^|_)(count|total|used|calls|requests|runs|read|rows|executed|synced|lines)(_|$)'
            """, Ct);
        Assert.Empty(narrow);
    }

    [Fact]
    public async Task Defect_058_064_Every_reference_to_staff_is_indexed_and_lets_them_go()
    {
        var references = await database.Service.List<string>($"""
            select k.conrelid::regclass || ' ' || k.conname
                || case when k.confdeltype not in ('n', 'c') then ' holds on' else '' end
                || case when exists (select from pg_index i where i.indrelid = k.conrelid and (i.indkey::smallint[])[0:0] = k.conkey::smallint[]) then '' else ' has no index' end
            from pg_constraint k
            where k.contype = 'f' and k.conparentid = 0 and k.confrelid = 'platform.platform_users'::regclass
            """, Ct);
        Assert.True(references.Count >= 10);
        Assert.DoesNotContain(references, r => r.EndsWith("holds on", StringComparison.Ordinal) || r.EndsWith("no index", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Defect_068_Tokens_are_kept_as_hashes_of_the_right_length()
    {
        var clear = await database.Service.List<string>($"""
            select c.oid::regclass || '.' || a.attname
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relkind in ('r', 'p', 'v') and a.attname ~ '(^|_)(token|token_hash|session_token|refresh_token|verification_token|secret)$'
            and a.atttypid <> 'bytea'::regtype and n.nspname in ('platform', 'log', 'cdp')
            """, Ct);
        Assert.Empty(clear);
        var unmeasured = await database.Service.List<string>($"""
            select a.attrelid::regclass || '.' || a.attname
            from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'platform'::regnamespace
            where a.attname ~ '_hash$' and a.attname <> 'password_hash' and not exists (
                select from pg_constraint k where k.conrelid = a.attrelid and k.contype = 'c' and k.conkey = array[a.attnum] and pg_get_constraintdef(k.oid) ~ '= 32')
            """, Ct);
        Assert.Empty(unmeasured);
    }

    [Fact]
    public async Task Defect_068_069_070_What_is_secret_no_request_and_no_question_in_sql_can_read()
    {
        var secrets = new[]
        {
            "platform.platform_users password_hash", "platform.platform_users email_verification_hash", "platform.platform_users password_reset_hash", "platform.platform_users totp_secret", "platform.recovery_codes code_hash", "platform.sign_in_challenges token_hash",
            "platform.organization_members invitation_hash", "platform.platform_user_sessions token_hash", "platform.platform_user_sessions refresh_token_hash",
            "platform.api_keys key_hash", "platform.setting_values secret", "platform.data_connections secrets", "platform.files sealed_key",
        };
        foreach (var secret in secrets)
        {
            var (table, column) = (secret.Split(' ')[0], secret.Split(' ')[1]);
            foreach (var role in new[] { "clientele_app", "clientele_readonly", "clientele_search" })
                Assert.False(await database.Service.One<bool>($"select has_column_privilege({role}::name, {table}, {column}, 'select')", Ct), $"{role} reads {secret}");
        }
        // No view shows one either, under whatever name.
        var shown = await database.Service.List<string>($"select c.blueprint || '.' || c.relation || '.' || c.column_name from platform.blueprint_columns c where c.base_column ~ '(_hash|^secrets?)$' and c.base_relation ~ '^platform\\.'", Ct);
        Assert.Empty(shown);
    }

    [Fact]
    public async Task Defect_070_Questions_in_sql_only_read()
    {
        var written = await database.Service.List<string>($"""
            select c.oid::regclass::text from pg_class c
            where c.relkind in ('r', 'p', 'v') and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            and has_table_privilege('clientele_readonly', c.oid, 'insert, update, delete, truncate')
            """, Ct);
        Assert.Empty(written);
    }

    [Fact]
    public async Task Defect_071_072_Roles_have_what_they_need_on_every_table_and_no_more()
    {
        // The service role reaches every declared table, also those made after it: rights come with the declaration.
        var forgotten = await database.Service.List<string>($"select t.relation from platform.table_access t where not has_table_privilege('clientele_service', t.relation, 'select')", Ct);
        Assert.Empty(forgotten);
        // A table nobody declared is nobody's.
        await using var owner = await database.Databases.OpenOwner(Ct);
        await owner.Run("create table platform.undeclared (id uuid primary key)");
        foreach (var db in new[] { database.Db, database.For(database.Beta), database.Service })
            await Expect.Refused(Expect.Forbidden, () => db.List<Guid>($"select u.id from platform.undeclared u", Ct));
        await owner.Run("drop table platform.undeclared");
        // Nobody but the owner makes anything.
        var makers = await database.Service.List<string>($"""
            select r.rolname || ' in ' || n.nspname from pg_roles r, pg_namespace n
            where r.rolname in ('clientele_app', 'clientele_service', 'clientele_readonly', 'clientele_search') and n.nspname !~ '^pg_(toast|temp)' and has_schema_privilege(r.oid, n.oid, 'create')
            """, Ct);
        Assert.Empty(makers);
        Assert.False(await database.Service.One<bool>($"select bool_or(r.rolsuper or r.rolbypassrls or r.rolcanlogin) from pg_roles r where r.rolname ~ '^clientele_(owner|app|service|readonly|search)$'", Ct));
        Assert.DoesNotMatch(PasswordInScript(), string.Join('\n', SchemaFile.Of(Server.Modules.All).Select(f => f.Text)));
    }

    [GeneratedRegex(@"\b(password|login)\s+'", RegexOptions.IgnoreCase)]
    private static partial Regex PasswordInScript();

    // ----- the documents' questions about the database itself

    private sealed record Size(string Relation, long Bytes, long TableBytes, long IndexBytes);

    [Fact]
    public async Task Defect_036_The_size_of_each_table_is_that_of_its_storage()
    {
        // A row: 24 bytes of header and fifteen names of 64: 984; with its line pointer 988. A page has 8,168 bytes for them: eight rows. Eighty rows
        // are ten pages; a vacuum adds three of free space and one of visibility. Names are never moved elsewhere, so no table for that comes along.
        await using var superuser = await database.OpenSuperuser();
        foreach (var statement in new[] { "create schema sizes", $"create table sizes.plain ({string.Join(", ", Enumerable.Range(1, 15).Select(n => $"n{n} name not null"))})",
            $"insert into sizes.plain select {string.Join(", ", Enumerable.Repeat("'x'", 15))} from generate_series(1, 80)", "vacuum sizes.plain" })
        {
            await superuser.Run(statement);
        }
        var sizes = await database.Service.List<Size>($"""
            select c.oid::regclass::text as relation, pg_total_relation_size(c.oid) as bytes, pg_table_size(c.oid) as table_bytes, pg_indexes_size(c.oid) as index_bytes
            from pg_class c
            where c.relkind in ('r', 'm') and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            order by bytes desc
            """, Ct);
        Assert.Equal(sizes.Count, sizes.Select(s => s.Relation).Distinct().Count());
        Assert.All(sizes, s => Assert.Equal(s.Bytes, s.TableBytes + s.IndexBytes));
        Assert.Equal(new Size("sizes.plain", 14 * 8192, 14 * 8192, 0), sizes.Single(s => s.Relation == "sizes.plain"));
        await superuser.Run("drop schema sizes cascade");
    }

    private sealed record Usage(string Relation, string Index, bool IsUnique, long Rows, long IndexBytes, long Scans);

    [Fact]
    public async Task Defect_037_The_use_of_each_index_is_found_by_its_table_not_by_a_name()
    {
        await using var superuser = await database.OpenSuperuser();
        // Another schema has a table of the same name.
        await superuser.Run("create schema twin; create table twin.roles (role text constraint roles_pkey primary key); insert into twin.roles select 'role ' || n from generate_series(1, 20) n; analyze twin.roles");
        // Its index is asked three times; twenty keys are one page of it and one that says where to begin.
        await superuser.Run("set enable_seqscan = off; select r.role from twin.roles r where r.role = 'role 3'; select r.role from twin.roles r where r.role = 'role 4'; select r.role from twin.roles r where r.role = 'none'; select pg_stat_force_next_flush(); reset enable_seqscan");
        await superuser.Run("select 1");
        var uses = await database.Service.List<Usage>($"""
            select s.relid::regclass::text as relation, s.indexrelid::regclass::text as index, i.indisunique as is_unique,
                   greatest(c.reltuples, 0)::bigint as rows, pg_relation_size(s.indexrelid) as index_bytes, s.idx_scan as scans
            from pg_stat_user_indexes s
            join pg_index i on i.indexrelid = s.indexrelid
            join pg_class c on c.oid = s.relid
            order by s.idx_scan, 1, 2
            """, Ct);
        Assert.Equal(uses.Count, uses.Select(u => u.Index).Distinct().Count());
        Assert.Single(uses, u => u.Relation == "platform.roles" && u.Index == "platform.roles_pkey");
        Assert.Single(uses, u => u.Relation == "twin.roles" && u.Index == "twin.roles_pkey");
        Assert.Equal(new Usage("twin.roles", "twin.roles_pkey", true, 20, 2 * 8192, 3), uses.Single(u => u.Index == "twin.roles_pkey"));
        Assert.All(uses, u => Assert.True(u is { Rows: >= 0, IndexBytes: >= 0, Scans: >= 0 }));
        await superuser.Run("drop schema twin cascade");
    }

    [Fact]
    public async Task Defect_007_Slow_statements_are_asked_for_only_where_they_are_counted_and_by_the_columns_there_are()
    {
        await using var superuser = await database.OpenSuperuser();
        async Task<bool> Is(string question)
        {
            await using var command = new NpgsqlCommand(question, superuser);
            return (bool)(await command.ExecuteScalarAsync(Ct))!;
        }
        if (!await Is("select exists (select from pg_available_extensions e where e.name = 'pg_stat_statements')")) return;
        await superuser.Run("create extension if not exists pg_stat_statements");
        var question = """
            select s.query, s.calls, s.total_exec_time, s.mean_exec_time, s.stddev_exec_time, s.rows
            from pg_stat_statements s join pg_database d on d.oid = s.dbid and d.datname = current_database() where s.query ilike '%slow_customers%' order by s.total_exec_time desc limit 10
            """;
        await using var ask = new NpgsqlCommand(question, superuser);
        if (await Is("select current_setting('shared_preload_libraries') ~ 'pg_stat_statements'"))
        {
            // Four times asked for what has one row, twice for what has three: six calls of one statement, ten rows.
            foreach (var many in new[] { 1, 1, 3, 1, 3, 1 })
            {
                await superuser.Run($"select n as slow_customers from generate_series(1, {many}) as n");
            }
            await using var reader = await ask.ExecuteReaderAsync(Ct);
            Assert.Equal(6, reader.FieldCount);
            var found = new List<(string Query, long Calls, long Rows)>();
            while (await reader.ReadAsync(Ct)) found.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt64(5)));
            Assert.Equal([("select n as slow_customers from generate_series($1, $2) as n", 6L, 10L)], found);
        }
        else
        {
            // The extension is there, and still nothing is counted: the columns exist, and the answer says what is missing.
            var refused = await Expect.Refused("55000", () => ask.ExecuteNonQueryAsync(Ct));
            Assert.Contains("shared_preload_libraries", refused.MessageText, StringComparison.Ordinal);
        }
    }
}
