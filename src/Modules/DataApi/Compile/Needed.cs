using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;

namespace Clientele.DataApi.Compile;

/// <summary>What an answer, and what is embedded in it, needs of a relation's rows: no column that the role may not read.</summary>
internal static class Needed
{
    /// <summary>The columns of t and the plan's number, separated by commas.</summary>
    public static void Write(SqlText sql, ReadPlan plan, Relation relation)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var all = Collect(plan, names);
        if (all && !relation.Columns.Exists(c => !c.Visible))
        {
            sql.Add("t", plan.Number).Add(".*");
            return;
        }
        var first = true;
        foreach (var column in relation.Columns.Where(c => all ? c.Visible : names.Contains(c.Name)))
        {
            sql.Add(first, "", ", ").Add("t", plan.Number).Add(".").Add(column.Sql);
            first = false;
        }
        if (first) sql.Add("1 as one");
    }

    // Whether it is the whole row, as a function of it takes.
    private static bool Collect(ReadPlan plan, HashSet<string> names)
    {
        var all = false;
        void Take(Value value)
        {
            if (value.Column is { } column) names.Add(column.Name);
            else all = true;
        }
        foreach (var output in plan.Outputs)
        {
            if (output is AllColumns) all = true;
            else if (output is OneValue { Value: { } value }) Take(value);
        }
        foreach (var order in plan.Order)
            if (order.Value is { } value && order.Embed is null) Take(value);
        foreach (var embed in plan.Embeds)
        {
            if (embed.By.Computed is not null) all = true;
            foreach (var (from, _) in embed.By.Columns) names.Add(from);
            foreach (var (of, _) in embed.By.Junction?.FromColumns ?? []) names.Add(of);
        }
        return all;
    }
}
