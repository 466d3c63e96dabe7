using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>What becomes of each column of each table in an anonymised copy.</summary>
/// <param name="Tables">By table, then by column: a kind. A table that is null is emptied.</param>
public sealed record AnonymisationRules(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>?> Tables)
{
    /// <summary>Lines as <c>schema.table: kind column column; kind column</c>, or <c>schema.table: cleared</c>; comments begin with #.</summary>
    /// <exception cref="FormatException">A line is not so.</exception>
    public static AnonymisationRules Parse(string text)
    {
        var tables = new Dictionary<string, IReadOnlyDictionary<string, string>?>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(l => !l.StartsWith('#')))
        {
            if (line.Split(": ", 2) is not [var table, var rest]) throw new FormatException($"\"{line}\" names no table.");
            tables.Add(table, rest == "cleared" ? null : rest.Split("; ").Select(part => part.Split(' '))
                .SelectMany(words => words.Skip(1).Select(column => (Column: column, Kind: words[0]))).ToDictionary(p => p.Column, p => p.Kind, StringComparer.Ordinal));
        }
        return new AnonymisationRules(tables);
    }
}

/// <summary>
/// Makes the people of a restored copy up: the same person gets the same made-up values everywhere, so that joins, counts and
/// questions go on working. By a keyed hash whose key is thrown away; from a value one could guess, nothing can be told.
/// </summary>
public static class Anonymiser
{
    /// <summary>A column that can hold words, of a table that is no partition.</summary>
    public sealed record Column(string Relation, string Name, string Type, bool Required);

    /// <summary>Every column that has to have a kind.</summary>
    public static async Task<IReadOnlyList<Column>> Columns(NpgsqlConnection connection, CancellationToken ct) => await MakeBackup.List<Column>(connection, Sql.Raw("""
        select c.oid::regclass::text as relation, a.attname::text as name, coalesce(b.typname, t.typname)::text as type, a.attnotnull or coalesce(t.typnotnull, false) as required
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = nullif(t.typbasetype, 0)
        where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
        and coalesce(b.typname, t.typname) in ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'xml', 'bytea', 'inet', 'cidr', 'date', 'tsvector', 'point', '_text', '_varchar', '_jsonb', '_inet', '_cidr')
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        order by 1, a.attnum
        """), ct);

    /// <summary>What the rules leave out, and what they name that is not there; nothing when they fit.</summary>
    public static IReadOnlyList<string> Misfits(IReadOnlyList<Column> columns, AnonymisationRules rules)
    {
        var there = columns.ToLookup(c => c.Relation, c => c.Name, StringComparer.Ordinal);
        return
        [
            .. columns.Where(c => !rules.Tables.TryGetValue(c.Relation, out var kinds) || kinds is not null && !kinds.ContainsKey(c.Name)).Select(c => $"{c.Relation}.{c.Name} has no kind"),
            .. rules.Tables.Where(t => t.Value is not null).SelectMany(t => t.Value!.Keys.Where(c => !there[t.Key].Contains(c)).Select(c => $"{t.Key}.{c} is not there")),
        ];
    }

    /// <summary>Replaces everything. Only ever on a copy.</summary>
    /// <param name="connection">To the copy, as a superuser.</param>
    /// <param name="rules">Which must fit it.</param>
    /// <param name="ct">Stops it; the copy is worth nothing then.</param>
    /// <exception cref="SetupException">The rules do not fit the database: it is of another build.</exception>
    public static async Task Run(NpgsqlConnection connection, AnonymisationRules rules, CancellationToken ct)
    {
        var columns = await Columns(connection, ct);
        if (Misfits(columns, rules) is { Count: > 0 } misfits) throw new SetupException($"This build does not know what to do with every column: {string.Join(", ", misfits.Take(5))}.");
        await MakeBackup.Execute(connection, Sql.Raw(Functions), ct);
        await MakeBackup.Execute(connection, $"select set_config('anon.key', {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}, false)", ct);
        // Past triggers: nothing happens that has to be told, counted or refused.
        await MakeBackup.Execute(connection, Sql.Raw("set session_replication_role = replica"), ct);
        foreach (var table in rules.Tables.Where(t => t.Value is null)) await MakeBackup.Execute(connection, Sql.Composed($"delete from {table.Key}"), ct);
        foreach (var table in columns.Select(c => c.Relation).Distinct())
        {
            if (rules.Tables[table] is not { } kinds) continue;
            var set = columns.Where(c => c.Relation == table && kinds[c.Name] != "keep").Select(c => $"\"{c.Name}\" = {Expression(c, kinds[c.Name])}").ToList();
            if (Besides(table) is { } more) set.Add(more);
            if (set.Count > 0) await MakeBackup.Execute(connection, Sql.Composed($"update {table} set {string.Join(", ", set)}{Where(table)}"), ct);
        }
        // Values of secrets are gone, so the settings are not set.
        await MakeBackup.Execute(connection, Sql.Raw("delete from platform.setting_values where is_sensitive; set session_replication_role = origin; drop schema anon cascade"), ct);
        // What was overwritten still lies in the files of the copy; a dump takes none of it, and the copy is thrown away.
    }

    private static string? Besides(string table) => table == "platform.platform_users" ? "totp_enabled_at = null, password_reset_expires = null, must_change_password = true" : null;

    private static string Where(string table) => table == "platform.setting_values" ? " where not is_sensitive" : string.Empty;

    private static string Expression(Column column, string kind)
    {
        var name = $"\"{column.Name}\"";
        var lists = column.Type.StartsWith('_');
        return (kind, column.Type) switch
        {
            ("null", _) => "null",
            ("empty", _) => "'{}'",
            ("origins", _) => "'{}'",
            ("token", "bytea") => $"anon.token({name})",
            ("key", _) => $"'wk_' || anon.hash({name}, 24)",
            ("hint", _) => $"case when {name} is not null then anon.hash({name}, 4) end",
            ("ip", "inet") => $"anon.ip(host({name}))::inet",
            ("birth", _) => $"date_trunc('year', {name})::date",
            ("json", "jsonb") => $"anon.json({name})",
            ("scan", "jsonb") => $"anon.scan({name}::text)::jsonb",
            ("any" or "words" or "scan" or "name" or "email" or "phone", _) when lists => $"(select array_agg(anon.{kind}(x) order by o) from unnest({name}) with ordinality as u (x, o))".Coalesced(name),
            ("any" or "words" or "scan" or "name" or "email" or "phone" or "place" or "postcode" or "url" or "ip" or "agent" or "digits", "text" or "varchar") => $"anon.{kind}({name})",
            _ => throw new SetupException($"{column.Relation}.{column.Name} cannot be of the kind \"{kind}\"."),
        };
    }

    // An empty list stays one.
    private static string Coalesced(this string list, string name) => new StringBuilder().Append("case when cardinality(").Append(name).Append(") > 0 then ").Append(list).Append(" else ").Append(name).Append(" end").ToString();

    private const string Functions = """
        drop schema if exists anon cascade;
        create schema anon;

        create function anon.hash(value text, digits integer) returns text language sql stable strict as
            $$ select left(encode(sha256(convert_to(current_setting('anon.key') || value, 'UTF8')), 'hex'), digits) $$;
        create function anon.number(value text, most integer) returns integer language sql stable strict as
            $$ select (('x' || anon.hash(value, 7))::bit(28)::integer % most) $$;

        create function anon.email(value text) returns text language sql stable strict as
            $$ select case when value = '' then '' else 'p' || anon.hash('mail ' || lower(value), 12) || '@example.invalid' end $$;
        -- A country code that no country has.
        create function anon.phone(value text) returns text language sql stable strict as
            $$ select case when value = '' then '' else '+999' || lpad((('x' || anon.hash('phone ' || regexp_replace(value, '[^0-9]', '', 'g'), 8))::bit(32)::bigint % 1000000000)::text, 9, '0') end $$;
        create function anon.name(value text) returns text language sql stable strict as $$
            select case when value = '' then '' else
                (array['Ada','Bela','Cleo','Dara','Edda','Femi','Gala','Hana','Ines','Juno','Kaya','Lior','Mina','Nuri','Odin','Pia','Quin','Runa','Sami','Tala','Uma','Vito','Wren','Xenia','Yara','Zeno','Alba','Bruno','Celia','Dino','Elio','Fern'])[anon.number('given ' || value, 32) + 1]
                || ' ' || initcap(translate(anon.hash('family ' || value, 6), '0123456789', 'ghijklmnop')) end $$;
        create function anon.place(value text) returns text language sql stable strict as
            $$ select case when value = '' then '' else 'Place ' || anon.hash('place ' || lower(value), 4) end $$;
        create function anon.postcode(value text) returns text language sql stable strict as
            $$ select case when value = '' then '' else lpad(anon.number('code ' || value, 100000)::text, 5, '0') end $$;
        create function anon.words(value text) returns text language sql stable strict as
            $$ select case when value = '' then '' else 'Text ' || anon.hash('words ' || value, 8) end $$;
        create function anon.ip(value text) returns text language sql stable strict as
            $$ select '198.51.100.' || (anon.number('ip ' || value, 254) + 1) $$;
        create function anon.agent(value text) returns text language sql stable strict as $$ select 'Mozilla/5.0'::text $$;
        create function anon.digits(value text) returns text language sql stable strict as $$ select regexp_replace(value, '[0-9]', '0', 'g') $$;
        create function anon.token(value bytea) returns bytea language sql stable strict as
            $$ select sha256(convert_to(current_setting('anon.key'), 'UTF8') || value) $$;

        -- By what it looks like, so that the same address becomes the same wherever it stands.
        create function anon.any(value text) returns text language sql stable strict as $$
            select case
                when value = '' then ''
                when value ~ '^[^@[:space:]]+@[^@[:space:]]+$' then anon.email(value)
                when value ~ '^[+]?[0-9][0-9 ()./-]{6,18}$' and length(regexp_replace(value, '[^0-9]', '', 'g')) >= 7 and value !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then anon.phone(value)
                -- Ids that the platform made say nothing of anybody.
                when value ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then value
                else 'x' || anon.hash('id ' || value, 16)
            end $$;

        create function anon.scan(value text) returns text language plpgsql stable strict as $$
        declare
            found text;
        begin
            for found in select distinct m[1] from regexp_matches(value, '([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,})', 'g') m loop
                value := replace(value, found, anon.email(found));
            end loop;
            for found in select distinct m[1] from regexp_matches(value, '([+][0-9][0-9 ()./-]{5,18}[0-9])', 'g') m loop
                value := replace(value, found, anon.phone(found));
            end loop;
            return value;
        end $$;
        create function anon.url(value text) returns text language sql stable strict as
            $$ select anon.scan(replace(regexp_replace(value, '[?#].*$', ''), '%40', '@')) $$;

        create function anon.json(value jsonb) returns jsonb language plpgsql stable strict as $$
        begin
            case jsonb_typeof(value)
            when 'object' then
                return coalesce((select jsonb_object_agg(
                    case when e.key ~ '^[A-Za-z0-9_.$ -]{1,80}$' and e.key !~ '[0-9]{6}' then e.key else anon.any(e.key) end,
                    -- Of the shop, not of a person.
                    case when e.key in ('product_id', 'product_name', 'sku', 'category', 'subcategory', 'brand', 'currency', 'variant', 'price', 'quantity', 'revenue', 'total', 'value', 'interval')
                              and jsonb_typeof(e.value) in ('string', 'number') then anon.scan(e.value::text)::jsonb else anon.json(e.value) end) from jsonb_each(value) e), '{}');
            when 'array' then
                return coalesce((select jsonb_agg(anon.json(e.value) order by e.place) from jsonb_array_elements(value) with ordinality e (value, place)), '[]');
            when 'string' then
                return to_jsonb(case when value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]' then value #>> '{}' else anon.any(value #>> '{}') end);
            when 'number' then
                -- As long as a telephone number, and without a fraction.
                return case when value::text ~ '^[0-9]{8,}$' then to_jsonb(('x' || anon.hash(value::text, 8))::bit(32)::bigint % 1000000000) else value end;
            else
                return value;
            end case;
        end $$;
        """;
}
