using Npgsql;
using NpgsqlTypes;

namespace Clientele.DataApi.Catalogue;

/// <summary>What of a database is offered.</summary>
/// <param name="Schemas">The schemas a profile header may name; the first is the one meant without it.</param>
/// <param name="ExtraSearchPath">Schemas whose types may be cast to.</param>
internal sealed record Exposure(IReadOnlyList<string> Schemas, IReadOnlyList<string> ExtraSearchPath)
{
    /// <summary>The role whose rights decide what <c>*</c> shows and what is offered at all; null: all is offered, PostgreSQL refuses.</summary>
    public string? Role { get; init; }

    /// <summary>A column that every key between tenant tables begins with, and that views hide.</summary>
    public string? TenantColumn { get; init; }

    /// <summary>A function is offered only when its comment ends with this line; null: all are.</summary>
    public string? OfferedMark { get; init; }

    /// <summary>Requests are passed on to functions and views as settings, so that it matters whether any of them reads those.</summary>
    public bool PassesRequest { get; init; } = true;
}

/// <summary>Reads the catalogue in one round trip.</summary>
internal static class CatalogueLoader
{
    private const string System = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'";

    private const string Queries = $"""
        select t.oid, n.nspname, t.typname, t.typtype, t.typbasetype, t.typelem, t.typcategory, t.typrelid, t.typdefault, format_type(t.oid, null)
        from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where n.nspname !~ '^pg_(toast|temp)' and (t.typtype <> 'c' or n.nspname not in ('pg_catalog', 'information_schema'));

        select e.enumtypid, e.enumlabel from pg_enum e order by e.enumtypid, e.enumsortorder;

        select c.castsource, c.casttarget, pn.nspname, p.proname
        from pg_cast c join pg_proc p on p.oid = c.castfunc join pg_namespace pn on pn.oid = p.pronamespace
        where c.castcontext = 'i'
        and (c.castsource in (select oid from pg_type where typtype = 'd') and c.casttarget = 'json'::regtype
             or c.casttarget in (select oid from pg_type where typtype = 'd') and c.castsource in ('json'::regtype, 'text'::regtype));

        select c.oid, n.nspname, c.relname, c.relkind, c.relispartition, d.description,
               -- Tables take all three, as it would say after opening each.
               case when c.relkind in ('r', 'p') then 28 else pg_relation_is_updatable(c.oid::regclass, true) end, c.relrowsecurity,
               c.relkind = 'v' and coalesce((select o.option_value::boolean from pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker'), false),
               exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgtype & 64 <> 0),
               case when $1::text is null then true else has_any_column_privilege($1, c.oid, 'select') end,
               case when $1::text is null then true else has_any_column_privilege($1, c.oid, 'insert') end,
               case when $1::text is null then true else has_any_column_privilege($1, c.oid, 'update') end,
               case when $1::text is null then true else has_table_privilege($1, c.oid, 'delete') end
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_description d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0
        where c.relkind in ('r', 'v', 'm', 'f', 'p') and {System}
        order by n.nspname, c.relname;

        -- A right on the whole relation is asked for once, not column by column. Only what is generated names columns: to write
        -- any other default, PostgreSQL need not open the table.
        with relations as materialized (
            select c.oid, case when $1::text is null then true else has_table_privilege($1, c.oid, 'select') end as readable
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'v', 'm', 'f', 'p', 'c') and {System}
        ), comments as materialized (
            select d.objoid, d.objsubid, d.description from pg_description d where d.classoid = 'pg_class'::regclass and d.objsubid > 0
        )
        select a.attrelid, a.attnum::int, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, case when a.attgenerated <> '' then d.adrelid else 0 end), a.attgenerated, a.attidentity,
               e.description,
               case when a.attidentity <> '' then (
                   select format('%I.%I', sn.nspname, s.relname)
                   from pg_depend i join pg_class s on s.oid = i.objid join pg_namespace sn on sn.oid = s.relnamespace
                   where i.classid = 'pg_class'::regclass and i.refclassid = 'pg_class'::regclass and i.refobjid = a.attrelid and i.refobjsubid = a.attnum and i.deptype = 'i' limit 1) end,
               r.readable or (a.attacl is not null and has_column_privilege($1, a.attrelid, a.attnum, 'select')),
               case when a.atttypid in ('bpchar'::regtype, 'varchar'::regtype) and a.atttypmod > 4 then a.atttypmod - 4 end
        from pg_attribute a join relations r on r.oid = a.attrelid
        left join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
        left join comments e on e.objoid = a.attrelid and e.objsubid = a.attnum
        where a.attnum > 0 and not a.attisdropped
        order by a.attrelid, a.attnum;

        select k.conrelid, k.conname, k.contype, k.conkey::int[], k.confrelid, k.confkey::int[]
        from pg_constraint k
        where k.contype in ('p', 'u') or (k.contype = 'f' and k.conparentid = 0)
        order by k.conrelid, k.conname;

        -- The policies the role is under. Who may be one of many roles is told by PostgreSQL alone what they may.
        select p.polrelid, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
        from pg_policy p
        where $1::text is not null and (0 = any(p.polroles) or exists (select from unnest(p.polroles) o (id) where pg_has_role($1, o.id, 'usage')));

        -- Of a view that reads with its owner's rights only its own conditions say who sees rows.
        -- What was read before is not read again: a rule that changes is a new row.
        select c.oid, r.xmin, case when k.rule is null then r.ev_action::text end, case when $1::text is not null and coalesce(c.reloptions::text, '') not like '%security_invoker%' then pg_get_viewdef(c.oid) end
        from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
        left join unnest($4::oid[], $5::xid[]) k (rule, made) on k.rule = c.oid and k.made = r.xmin
        where r.rulename = '_RETURN' and c.relkind in ('v', 'm') and {System};

        select p.oid, n.nspname, p.proname, p.provolatile, p.proretset, p.prorettype, p.proargnames, p.proargmodes::text[],
               coalesce(p.proallargtypes, p.proargtypes::oid[]), p.pronargs::int, p.pronargdefaults::int, p.provariadic <> 0, p.prorows,
               p.proconfig, d.description, case when $1::text is null then true else has_function_privilege($1, p.oid, 'execute') end
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        left join pg_description d on d.objoid = p.oid and d.classoid = 'pg_proc'::regclass and d.objsubid = 0
        where p.prokind = 'f' and n.nspname = any ($2 || $3) and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
        order by p.oid;

        select n.nspname, p.proname, p.proargtypes[0], t.typname
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type t on t.oid = p.prorettype
        where p.prokind = 'a' and p.pronargs = 1 and n.nspname = any ($2 || $3) and t.typtype = 'd' and t.typname like '%/%';

        select n.nspname, obj_description(n.oid, 'pg_namespace') from pg_namespace n where n.nspname = any ($2);

        with said as (
            select p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '') as words
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
            where l.lanname not in ('c', 'internal') and {System}
            union all
            select pg_get_viewdef(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and {System}
            union all
            select concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p
            union all
            select pg_get_expr(d.adbin, case when a.attgenerated <> '' then d.adrelid else 0 end) from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
            union all
            select pg_get_constraintdef(k.oid) from pg_constraint k where k.contype = 'c'
        )
        select exists (select from pg_extension where extname = 'postgis'),
               coalesce(bool_or(s.words ~* 'current_setting|request|pg_settings|show'), false), coalesce(bool_or(s.words ~* 'response'), false)
        from said s
        where $6;
        """;

    /// <param name="before">What was read of the same database the last time, which spares reading the views again that are as they were.</param>
    public static async Task<Catalogue> Load(NpgsqlConnection connection, Exposure exposure, Catalogue? before, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        // Until the end of the batch. Compiling these takes longer than they do.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select set_config('jit', 'off', true)"));
        var rules = before?.Rules ?? new Dictionary<uint, ViewRule>();
        Func<NpgsqlParameter>[] parameters =
        [
            () => new NpgsqlParameter<string?> { TypedValue = exposure.Role, NpgsqlDbType = NpgsqlDbType.Text },
            () => new NpgsqlParameter<string[]> { TypedValue = [.. exposure.Schemas] },
            () => new NpgsqlParameter<string[]> { TypedValue = [.. exposure.ExtraSearchPath] },
            () => new NpgsqlParameter<uint[]> { TypedValue = [.. rules.Keys], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid },
            () => new NpgsqlParameter<uint[]> { TypedValue = [.. rules.Values.Select(r => r.Made)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Xid },
            () => new NpgsqlParameter<bool> { TypedValue = exposure.PassesRequest },
        ];
        foreach (var query in Queries.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var command = new NpgsqlBatchCommand(query);
            for (var i = 1; i <= parameters.Length; i++)
            {
                if (!query.Contains($"${i}", StringComparison.Ordinal)) continue;
                command.Parameters.Add(parameters[i - 1]());
                // PostgreSQL wants every number up to the highest to be used.
                command.CommandText = command.CommandText.Replace($"${i}", $"${command.Parameters.Count}", StringComparison.Ordinal);
            }
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var read = new CatalogueBuilder(exposure, rules);
        await Each(reader, read.Type, ct);
        await Each(reader, read.Enum, ct);
        await Each(reader, read.Cast, ct);
        await Each(reader, read.Relation, ct);
        await Each(reader, read.Column, ct);
        await Each(reader, read.Constraint, ct);
        await Each(reader, read.Policy, ct);
        await Each(reader, read.View, ct);
        await Each(reader, read.Routine, ct);
        await Each(reader, read.Handler, ct);
        await Each(reader, read.Schema, ct);
        await Each(reader, read.Extension, ct);
        // A while of work: not on a thread that hears of requests.
        await Task.Yield();
        return read.Build();
    }

    private static async Task Each(NpgsqlDataReader reader, Action<NpgsqlDataReader> row, CancellationToken ct)
    {
        while (await reader.ReadAsync(ct)) row(reader);
        await reader.NextResultAsync(ct);
    }
}
