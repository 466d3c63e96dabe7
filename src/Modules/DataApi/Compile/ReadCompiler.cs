using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;
using Clientele.DataApi.Plan;
using NpgsqlTypes;

namespace Clientele.DataApi.Compile;

/// <summary>
/// Turns a plan into a query whose every row is one finished JSON object. Embedded rows are sub-selects in the list of values:
/// PostgreSQL works them out after ordering and limiting, for the rows that are sent and no others.
/// </summary>
/// <param name="sql">What is written to.</param>
/// <param name="stripNulls">Leave nulls out of the objects.</param>
internal sealed class ReadCompiler(SqlText sql, bool stripNulls)
{
    /// <summary>A value of the row being selected.</summary>
    /// <param name="Write">Its expression, in the scope of the select.</param>
    /// <param name="Column">Whose name it goes by, unless the request gave it another.</param>
    /// <param name="Json">It is JSON, which cannot be grouped as it is.</param>
    private sealed record Item(Label Label, Column? Column, Action Write, Aggregate Aggregate, bool Counts, Identifier? AggregateCast, bool Json)
    {
        /// <summary>The spread relation it comes from.</summary>
        public EmbedPlan? From { get; init; }
    }

    /// <summary>Where the top's rows come from, when not from its relation.</summary>
    public Action? Source { get; init; }

    /// <summary>How many names of lateral joins are used.</summary>
    private int laterals;

    /// <summary>Rows leave as records, in which JSON is written as jsonb writes it.</summary>
    private bool records;

    /// <summary>select the JSON of each row from (…) r</summary>
    public void Rows(ReadPlan plan)
    {
        sql.Add("select ");
        var named = Json(plan, stripNulls);
        sql.Add(" from (");
        Select(plan, named, limited: true);
        sql.Add(") r");
    }

    /// <summary>The same rows as records, for CSV and for media types of the database's own.</summary>
    public void Records(ReadPlan plan, Action wrap)
    {
        records = true;
        sql.Add("select ");
        wrap();
        sql.Add(" from (");
        Select(plan, Named(plan), limited: true);
        sql.Add(") r");
    }

    /// <summary>How many rows there are without limit and offset.</summary>
    public void Count(ReadPlan plan)
    {
        if (plan.Grouped || plan.Distinct is not null)
        {
            sql.Add("select count(*) from (");
            Select(plan, false, limited: false);
            sql.Add(") r");
            return;
        }
        sql.Add("select count(*) from ");
        From(plan);
        Where(plan, null);
    }

    /// <summary>The rows of the plan themselves, for a planner's estimate of how many.</summary>
    public void Bare(ReadPlan plan)
    {
        if (plan.Grouped || plan.Distinct is not null)
        {
            Select(plan, false, limited: false);
            return;
        }
        sql.Add("select 1 from ");
        From(plan);
        Where(plan, null);
    }

    /// <summary>How many rows the answer would have.</summary>
    public void CountRows(ReadPlan plan)
    {
        sql.Add("select count(*) from (");
        Select(plan, false, limited: true);
        sql.Add(") r");
    }

    /// <summary>The plan's own conditions alone, after <c>where</c>, for update and delete.</summary>
    public void OwnConditions(ReadPlan plan)
    {
        if (plan.Where.Count == 0) return;
        sql.Add(" where ");
        Separated(plan.Where.ConvertAll<Action>(c => () => Condition(plan, c)), () => sql.Add(" and "));
    }

    /// <summary>Every value's name, in order, as the answer has it.</summary>
    public IReadOnlyList<string> Labels(ReadPlan plan) => [.. Items(plan, []).Select(i => i.Label.Text)];

    // -----------------------------------------------------------------------------------------------------

    // Whether every value goes by a name of the catalogue, and by one of its own.
    private bool Named(ReadPlan plan)
    {
        var items = Items(plan, []);
        return items.Count > 0 && items.TrueForAll(i => i.Column is not null && !i.Label.FromRequest) && items.Select(i => i.Column!.Name).Distinct(StringComparer.Ordinal).Count() == items.Count;
    }

    // The JSON of a row r; returns whether the row's columns have to go by their names.
    private bool Json(ReadPlan plan, bool strip)
    {
        if (strip) sql.Add("json_strip_nulls(");
        var named = true;
        if (plan.Relation is null && plan.Outputs is [AllColumns]) sql.Add("to_json(r)");
        else if (Named(plan)) sql.Add("row_to_json(r)");
        else
        {
            named = false;
            Object(Items(plan, []));
        }
        if (strip) sql.Add(")");
        return named;
    }

    // A function takes a hundred arguments, so an object of more than fifty values is put together from several.
    private void Object(List<Item> items)
    {
        const int Most = 50;
        if (items.Count <= Most)
        {
            Pairs(items, 0, items.Count);
            return;
        }
        sql.Add("('{'");
        for (var i = 0; i < items.Count; i += Most)
        {
            sql.Add(i == 0, " || substr(left(", " || ',' || substr(left(");
            Pairs(items, i, Math.Min(items.Count, i + Most));
            sql.Add("::text, -1), 2)");
        }
        sql.Add(" || '}')::json");
    }

    private void Pairs(List<Item> items, int from, int to)
    {
        sql.Add("json_build_object(");
        for (var i = from; i < to; i++)
        {
            sql.Add(i > from, ", ", "");
            if (items[i].Label is { FromRequest: false } && items[i].Column is { } column) sql.Literal(column);
            else sql.Value(items[i].Label.Text, NpgsqlDbType.Text);
            sql.Add(", r.c", i);
        }
        sql.Add(")");
    }

    // With joins: what a spread relation brings in. They are collected where given.
    private List<Item> Items(ReadPlan plan, List<Action>? joins)
    {
        var items = new List<Item>();
        foreach (var output in plan.Outputs)
        {
            switch (output)
            {
                case AllColumns when plan.Relation is { } relation:
                    foreach (var column in relation.Columns)
                        if (column.Visible) items.Add(Whole(plan, column));
                    break;
                case OneValue value: items.Add(One(plan, value)); break;
                case Embedded { Embed: var embed } when embed.Spread: items.AddRange(Spread(plan, embed, joins)); break;
                case Embedded { Embed: var embed } when embed.Rows.Outputs.Count > 0 && Shows(embed.Rows):
                    items.Add(new Item(embed.Label, embed.Label.FromRequest ? null : Synthetic(embed.Label.Text), () => Nested(plan, embed), Aggregate.None, false, null, true));
                    break;
            }
        }
        return items;
    }

    // An embedded relation without a value to show, however deep, is there for its filters only.
    private static bool Shows(ReadPlan plan) => plan.Outputs.Exists(o => o is not Embedded e || Shows(e.Embed.Rows));

    // A name of the catalogue's, or of an aggregate, as that of a column.
    private static Column Synthetic(string name) => new(name, Identifier.Of(name), string.Empty, default, string.Empty);

    private Item Whole(ReadPlan plan, Column column) =>
        new(new Label(column.Name, false), column, () => Represented(column, () => sql.Add("t", plan.Number).Add(".").Add(column.Sql)), Aggregate.None, false, null, column.BaseType == "json");

    private Item One(ReadPlan plan, OneValue value)
    {
        var known = value.Value is { Path: [] } ? value.Value.Column : null;
        void Write()
        {
            if (value.Cast is { } cast)
            {
                sql.Add("cast(");
                Represented(known, () => Values.Write(sql, plan, value.Value!, comparable: false));
                sql.Add(" as ").Add(cast).Add(")");
            }
            else if (value.Aggregate == Aggregate.None) Represented(known, () => Values.Write(sql, plan, value.Value!, comparable: false));
            else Values.Write(sql, plan, value.Value!, comparable: false);
        }
        var name = known ?? (value.Value is { Path: [], Computed: { } routine } ? Synthetic(routine.Name) : null);
        if (value.Aggregate != Aggregate.None && !value.Label.FromRequest) name = Synthetic(value.Label.Text);
        return new Item(value.Label, name, Write, value.Aggregate, value.Value is null, value.AggregateCast,
            value.Cast is null && value.Aggregate == Aggregate.None && (known?.BaseType == "json" || value.Value is { Column.BaseType: "json", Path: [.., { AsText: false }] }));
    }

    private void Represented(Column? column, Action write)
    {
        if (column?.Representation?.ToJson is { } json)
        {
            sql.Add(json).Add("(");
            write();
            sql.Add(")");
        }
        else write();
    }

    // Columns of the other relation among this one's, or lists of them.
    private IEnumerable<Item> Spread(ReadPlan plan, EmbedPlan embed, List<Action>? joins)
    {
        var inner = Items(embed.Rows, []);
        if (inner.Count == 0) return [];
        // The number stands for the relation: the same in every pass over the plan.
        var number = embed.Rows.Number;
        joins?.Add(() => Lateral(plan, embed, number));
        return inner.Select((item, i) => item with
        {
            Write = () => sql.Add("s", number).Add(".c", i),
            Json = item.Json || !embed.By.ToOne,
            Aggregate = embed.By.ToOne ? item.Aggregate : Aggregate.None,
            From = embed,
        });
    }

    private void Lateral(ReadPlan plan, EmbedPlan embed, int number)
    {
        sql.Add(embed.Inner && embed.By.ToOne, " join lateral (", " left join lateral (");
        if (embed.By.ToOne) Select(embed.Rows, named: false, limited: true, plan, embed.By, spread: true);
        else
        {
            sql.Add("select ");
            var count = Items(embed.Rows, []).Count;
            for (var i = 0; i < count; i++)
            {
                if (i > 0) sql.Add(", ");
                sql.Add("coalesce(json_agg(r.c", i).Add("), '[]'::json) as c", i);
            }
            sql.Add(" from (");
            Select(embed.Rows, named: false, limited: true, plan, embed.By);
            sql.Add(") r");
        }
        sql.Add(") s", number).Add(" on true");
    }

    // (select json of the one row) or (select all of them as an array)
    private void Nested(ReadPlan plan, EmbedPlan embed)
    {
        sql.Add(embed.By.ToOne, "(select ", "(select coalesce(json_agg(");
        var named = Json(embed.Rows, stripNulls);
        sql.Add(embed.By.ToOne, " from (", "), '[]'::json) from (");
        Select(embed.Rows, named, limited: true, plan, embed.By);
        sql.Add(embed.By.ToOne, ") r limit 1)", ") r)").Add(records, "::jsonb", "");
    }

    // -----------------------------------------------------------------------------------------------------

    /// <param name="named">Values go by their names; otherwise by c0, c1 …</param>
    /// <param name="spread">The rows become part of the parent's: what aggregates there are it computes.</param>
    private void Select(ReadPlan plan, bool named, bool limited, ReadPlan? parent = null, Relationship? by = null, bool spread = false)
    {
        var joins = new List<Action>();
        var items = Items(plan, joins);
        var grouped = plan.Grouped && !spread;
        sql.Add("select ");
        Distinct(plan);
        if (plan.Relation is null && plan.Outputs is [AllColumns])
        {
            sql.Add("t", plan.Number).Add(".*");
        }
        var group = new List<Action>();
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) sql.Add(", ");
            var item = items[i];
            if (grouped) Group(plan, item, joins, group);
            else if (item.Counts) sql.Add("1");
            else item.Write();
            if (named) sql.Add(" as ").Add(item.Column!.Sql);
            else sql.Add(" as c", i);
        }
        sql.Add(" from ");
        // Embedded rows of those that are skipped are not worth finding: the page is cut first.
        if (limited && plan.Offset > 0 && by is null && Source is null && !grouped && plan.Distinct is null && joins.Count == 0 && plan.Embeds.Count > 0)
        {
            sql.Add("(select ");
            Needed.Write(sql, plan, plan.Relation!);
            sql.Add(" from ");
            From(plan);
            Where(plan, null);
            Order(plan);
            if (plan.Limit is { } most) sql.Add(" limit ").Value(most);
            sql.Add(" offset ").Value(plan.Offset).Add(") as t", plan.Number);
            return;
        }
        From(plan, parent, by);
        foreach (var join in joins) join();
        Where(plan, by is null ? null : () => Join(plan, parent!, by));
        if (grouped && group.Count > 0)
        {
            sql.Add(" group by ");
            Separated(group, () => sql.Add(", "));
        }
        if (grouped) Having(plan);
        Order(plan);
        if (!limited) return;
        if (plan.Limit is { } limit) sql.Add(" limit ").Value(limit);
        if (plan.Offset > 0) sql.Add(" offset ").Value(plan.Offset);
    }

    private void Distinct(ReadPlan plan)
    {
        if (plan.Distinct is not { } distinct) return;
        sql.Add("distinct ");
        if (distinct.Count == 0) return;
        sql.Add("on (");
        Separated(distinct.ConvertAll<Action>(v => () => Values.Write(sql, plan, v, comparable: true)), () => sql.Add(", "));
        sql.Add(") ");
    }

    // One value of a grouped row: an aggregate, or what is grouped by. JSON has no equality, so its text is grouped by.
    private void Group(ReadPlan plan, Item item, List<Action> joins, List<Action> group)
    {
        if (item.Aggregate != Aggregate.None)
        {
            if (item.AggregateCast is not null) sql.Add("cast(");
            Values.Aggregated(sql, item.Aggregate, item.Counts ? null : item.Write);
            if (item.AggregateCast is { } cast) sql.Add(" as ").Add(cast).Add(")");
            return;
        }
        if (!item.Json)
        {
            item.Write();
            group.Add(item.Write);
            return;
        }
        var number = laterals++;
        joins.Add(() =>
        {
            sql.Add(" cross join lateral (select (");
            item.Write();
            sql.Add(")::text as v) g", number);
        });
        sql.Add("g", number).Add(".v::json");
        group.Add(() => sql.Add("g", number).Add(".v"));
    }

    private void From(ReadPlan plan, ReadPlan? parent = null, Relationship? by = null)
    {
        if (by is { Computed: { } routine })
        {
            sql.Add(routine.Sql).Add("(");
            Values.Row(sql, parent!);
            sql.Add(") as t", plan.Number);
        }
        else if (by is null && Source is not null)
        {
            Source();
        }
        else
        {
            sql.Add(plan.Relation!.Sql).Add(" as t", plan.Number);
            if (by?.Junction is { } junction) sql.Add(" join ").Add(junction.Relation.Sql).Add(" as j", plan.Number).Add(" on true");
        }
    }

    private void Join(ReadPlan plan, ReadPlan parent, Relationship by)
    {
        if (by.Computed is not null)
        {
            sql.Add("true");
            return;
        }
        var first = true;
        void And()
        {
            if (!first) sql.Add(" and ");
            first = false;
        }
        foreach (var (from, to) in by.Columns)
        {
            And();
            Equal("t", plan.Number, plan.Relation!.ByName[to], "t", parent.Number, parent.Relation!.ByName[from]);
        }
        if (by.Junction is not { } junction) return;
        foreach (var (of, at) in junction.FromColumns)
        {
            And();
            Equal("j", plan.Number, junction.Relation.ByName[at], "t", parent.Number, parent.Relation!.ByName[of]);
        }
        foreach (var (of, at) in junction.ToColumns)
        {
            And();
            Equal("j", plan.Number, junction.Relation.ByName[at], "t", plan.Number, plan.Relation!.ByName[of]);
        }
    }

    private void Equal([System.Diagnostics.CodeAnalysis.ConstantExpected] string a, int aNumber, Column aColumn, [System.Diagnostics.CodeAnalysis.ConstantExpected] string b, int bNumber, Column bColumn) =>
        sql.Add(a, aNumber).Add(".").Add(aColumn.Sql).Add(" = ").Add(b, bNumber).Add(".").Add(bColumn.Sql);

    private void Where(ReadPlan plan, Action? join)
    {
        var conditions = new List<Action>();
        if (join is not null) conditions.Add(join);
        foreach (var condition in plan.Where) conditions.Add(() => Condition(plan, condition));
        foreach (var embed in plan.Embeds)
        {
            // A to-one spread joins inwards by itself.
            if (embed.Inner && !(embed.Spread && embed.By.ToOne && Items(embed.Rows, []).Count > 0)) conditions.Add(() => Exists(plan, embed));
        }
        if (conditions.Count == 0) return;
        sql.Add(" where ");
        Separated(conditions, () => sql.Add(" and "));
    }

    private void Having(ReadPlan plan)
    {
        if (plan.Having.Count == 0) return;
        sql.Add(" having ");
        Separated(plan.Having.ConvertAll<Action>(h => () => Condition(plan, h)), () => sql.Add(" and "));
    }

    private static void Separated(List<Action> pieces, Action between)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0) between();
            pieces[i]();
        }
    }

    private void Condition(ReadPlan plan, PlanCondition condition)
    {
        switch (condition)
        {
            case Compare compare: Values.Compare(sql, plan, compare); break;
            case Related related:
                if (!related.Exists) sql.Add("not ");
                Exists(plan, related.Embed);
                break;
            case Tree tree:
                sql.Add(tree.Negated, "not (", "(");
                for (var i = 0; i < tree.Terms.Count; i++)
                {
                    if (i > 0) sql.Add(tree.Or, " or ", " and ");
                    Condition(plan, tree.Terms[i]);
                }
                sql.Add(")");
                break;
        }
    }

    private void Exists(ReadPlan plan, EmbedPlan embed)
    {
        sql.Add("exists (select from ");
        From(embed.Rows, plan, embed.By);
        Where(embed.Rows, () => Join(embed.Rows, plan, embed.By));
        sql.Add(")");
    }

    private void Order(ReadPlan plan)
    {
        for (var i = 0; i < plan.Order.Count; i++)
        {
            sql.Add(i == 0, " order by ", ", ");
            var order = plan.Order[i];
            if (order.Spread is { } name) Items(plan, null).Find(item => item.Label.Text == name && ReferenceEquals(item.From, order.Embed))!.Write();
            else if (order.Embed is { } embed)
            {
                sql.Add("(select ");
                Values.Write(sql, embed.Rows, order.Value!, comparable: true);
                sql.Add(" from ");
                From(embed.Rows, plan, embed.By);
                Where(embed.Rows, () => Join(embed.Rows, plan, embed.By));
                sql.Add(" limit 1)");
            }
            else Values.Write(sql, plan, order.Value!, comparable: true);
            if (order.Descending is { } descending) sql.Add(descending, " desc", " asc");
            if (order.NullsFirst is { } first) sql.Add(first, " nulls first", " nulls last");
        }
    }
}
