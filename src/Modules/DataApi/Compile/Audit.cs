using System.Diagnostics.CodeAnalysis;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;

namespace Clientele.DataApi.Compile;

/// <summary>
/// A write that leaves its entries in the audit trail, in the one statement that writes: as each row is written, an entry says
/// what it was and what it is. Columns the role may not read are in neither.
/// </summary>
internal static class Audit
{
    /// <summary>with before as (…), written as (…): the rows that were written.</summary>
    public static void Begin(SqlText sql, WriteAction action)
    {
        var old = action.Change is Change.Update or Change.Upsert || action is { Conflict.Count: > 0, Merge: true };
        sql.Add("with ");
        if (old)
        {
            sql.Add("before as materialized (select ");
            Key(sql, action);
            sql.Add(" as key, ");
            Row(sql, action);
            sql.Add(" as row from ").Add(action.Relation.Sql).Add(" as t0");
            if (action.Change == Change.Update) StatementCompiler.Conditions(sql, action);
            else Conflicting(sql, action);
            sql.Add("), ");
        }
        sql.Add("written as (");
        StatementCompiler.Mutate(sql, action);
        sql.Add(" returning ");
        foreach (var column in Visible(action)) sql.Add("t0.").Add(column.Sql).Add(", ");
        sql.Add("platform.audit(").Value(action.Change switch { Change.Insert => "create", Change.Delete => "delete", _ => "update" }).Add("::text, ")
            .Value(action.Relation.Schema + "." + action.Relation.Name).Add("::text, left(");
        Key(sql, action);
        sql.Add(", 255), '', null, ");
        if (action.Change == Change.Delete) Row(sql, action);
        else if (!old) sql.Add("null");
        else
        {
            sql.Add("(select b.row from before b where b.key = ");
            Key(sql, action);
            sql.Add(" limit 1)");
        }
        sql.Add(", ");
        if (action.Change == Change.Delete) sql.Add("null");
        else Row(sql, action);
        sql.Add(") as entry) ");
    }

    private static IEnumerable<Column> Visible(WriteAction action) => action.Relation.Columns.Where(c => c.Visible);

    private static void Row(SqlText sql, WriteAction action)
    {
        sql.Add("(select to_jsonb(x) from (select ");
        var first = true;
        foreach (var column in Visible(action))
        {
            sql.Add(first, "", ", ").Add("t0.").Add(column.Sql);
            first = false;
        }
        sql.Add(") x)");
    }

    // The key as people know it: its values, without the tenant's.
    private static void Key(SqlText sql, WriteAction action)
    {
        var key = action.Relation.PrimaryKey.Where(k => k != "organization_id" && action.Relation.ByName[k].Visible).ToList();
        if (key.Count == 0)
        {
            sql.Add("null::text");
            return;
        }
        sql.Add("concat_ws(','");
        foreach (var column in key.Select(k => action.Relation.ByName[k]))
        {
            // A moment is the same in whatever zone the request reads it.
            if (column.BaseType == "timestamptz") sql.Add(", case when isfinite(t0.").Add(column.Sql).Add(") then (t0.").Add(column.Sql).Add(" at time zone 'UTC')::text || '+00' else t0.").Add(column.Sql).Add("::text end");
            else sql.Add(", t0.").Add(column.Sql);
        }
        sql.Add(")");
    }

    internal static void Conflicting(SqlText sql, WriteAction action)
    {
        // Columns the payload leaves out are the same for every row it can meet: the tenant's.
        var columns = action.Conflict.Where(action.Columns.Contains).ToList();
        if (columns.Count == 0)
        {
            sql.Add(" where false");
            return;
        }
        sql.Add(" where (");
        Names(sql, columns, "t0.");
        sql.Add(") in (select ");
        Names(sql, columns, "b.");
        sql.Add(" from ");
        StatementCompiler.Brought(sql, action, many: true);
        sql.Add(")");
    }

    private static void Names(SqlText sql, List<Column> columns, [ConstantExpected] string of)
    {
        for (var i = 0; i < columns.Count; i++) sql.Add(i > 0, ", ", "").Add(of).Add(columns[i].Sql);
    }
}
