using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;

namespace Clientele.DataApi.Plan;

/// <param name="Aggregates">Whether sum() and its like may be used.</param>
/// <param name="MaxRows">The most rows a read gives, at each level.</param>
/// <param name="AllRows">Not at the outermost level.</param>
/// <param name="TargetNames">An embedded relation with an alias may be named by its own name too.</param>
internal sealed record PlanRules(bool Aggregates, long? MaxRows, bool TargetNames, bool AllRows = false);

/// <summary>Looks up every name of a query, and refuses what is not there.</summary>
internal sealed class ReadPlanner(Catalogue.Catalogue catalogue, PlanRules rules)
{
    private int numbers;

    // As many levels and relations as anybody needs; a statement's cost grows with each.
    private const int MostEmbeds = 60;

    /// <param name="relation">Null: a function whose columns are not known.</param>
    /// <param name="known">Names of columns that are no relation's: those of a function's result.</param>
    /// <param name="capped">Whether the limit on rows holds; it does not for what was just written.</param>
    public ReadPlan Plan(string schema, string name, Relation? relation, Query query, IReadOnlyList<string>? known, bool capped)
    {
        var plan = new ReadPlan { Relation = relation, Number = numbers++ };
        Outputs(plan, schema, name, query.Select ?? [new SelectField(new Field("*", []), null, null, Aggregate.None, null)], known);
        Levels(plan, query, known);
        plan.Distinct = query.Distinct?.ConvertAll(f => Look(plan, f, name, known));
        if (capped) Cap(plan, outermost: true);
        return plan;
    }

    private void Cap(ReadPlan plan, bool outermost)
    {
        if (rules.MaxRows is not { } most) return;
        if (!outermost || !rules.AllRows) plan.Limit = Math.Min(plan.Limit ?? most, most);
        foreach (var embed in plan.Embeds)
            if (!embed.By.ToOne) Cap(embed.Rows, outermost: false);
    }

    private void Outputs(ReadPlan plan, string schema, string name, List<SelectItem> items, IReadOnlyList<string>? known)
    {
        // Relations first: without one of them its columns are not worth a word.
        var embeds = items.OfType<SelectEmbed>().Select(e => (Item: e, Embed: Embed(plan, schema, name, e))).ToList();
        foreach (var item in items)
        {
            if (item is SelectEmbed embed) plan.Outputs.Add(new Embedded(embeds.Find(e => ReferenceEquals(e.Item, embed)).Embed));
            else Field(plan, name, (SelectField)item, known);
        }
        plan.Grouped = plan.Outputs.Exists(o => o is OneValue { Aggregate: not Aggregate.None }) || plan.Embeds.Exists(PassesAggregates);
        if (!plan.Grouped) return;
        if (!rules.Aggregates) throw new ApiError(400, "PGRST123", "Use of aggregate functions is not allowed");
        if (plan.Embeds.Exists(e => e is { Spread: true, By.ToOne: false } && e.Rows.Grouped)) throw ApiError.NotImplemented("Aggregates are not implemented for one-to-many or many-to-many spreads.");
    }

    // Columns of a to-one relation are the outer row's own, and so are their aggregates.
    private static bool PassesAggregates(EmbedPlan embed) => embed.Spread && embed.Rows.Grouped;

    private void Field(ReadPlan plan, string name, SelectField item, IReadOnlyList<string>? known)
    {
        if (item.Field is null || item is { Field: { Name: "count", Path: [] }, Aggregate: Aggregate.None } && !Exists(plan, "count", known) && plan.Relation is not null)
        {
            // "count" alone is count(), unless there is such a column.
            plan.Outputs.Add(new OneValue(null, LabelOf(item.Alias, "count", false), null, Aggregate.Count, CastOf(item.AggregateCast ?? item.Cast)));
            return;
        }
        if (item.Field is { Name: "*", Path: [] })
        {
            plan.Outputs.Add(new AllColumns());
            return;
        }
        var value = Look(plan, item.Field, name, known);
        var label = item.Aggregate != Aggregate.None ? LabelOf(item.Alias, item.Aggregate.ToString().ToLowerInvariant(), false)
            : LabelOf(item.Alias, item.Field.Label, item.Field.Path.Length > 0 || value.Column is null && value.Computed is null);
        plan.Outputs.Add(new OneValue(value, label, CastOf(item.Cast), item.Aggregate, CastOf(item.AggregateCast)));
    }

    private static Label LabelOf(string? alias, string name, bool fromRequest) => alias is null ? new Label(name, fromRequest) : new Label(alias, true);

    private Identifier? CastOf(string? type) => type is null ? null
        : catalogue.Types.TryGetValue(type, out var known) ? known
        : throw new ApiError(400, "42704", $"type \"{type}\" does not exist");

    private static bool Exists(ReadPlan plan, string column, IReadOnlyList<string>? known) =>
        plan.Relation is { } relation ? relation.ByName.ContainsKey(column) || relation.Computed.ContainsKey(column) : known is null || known.Contains(column);

    private static Value Look(ReadPlan plan, Field field, string name, IReadOnlyList<string>? known)
    {
        if (plan.Relation is { } relation)
        {
            if (relation.ByName.TryGetValue(field.Name, out var column) && column.Visible) return new Value(column, null, field.Path);
            if (relation.Computed.TryGetValue(field.Name, out var computed)) return new Value(null, computed, field.Path);
        }
        else if (known is not null && known.Contains(field.Name))
        {
            return new Value(new Column(field.Name, Identifier.Of(field.Name), string.Empty, Identifier.Expression("text"), string.Empty), null, field.Path);
        }
        throw ApiError.NoColumn(name, field.Name);
    }

    // -----------------------------------------------------------------------------------------------------
    // Embedding

    private EmbedPlan Embed(ReadPlan parent, string schema, string name, SelectEmbed item)
    {
        if (numbers > MostEmbeds) throw new ApiError(400, "PGRST100", $"No more than {MostEmbeds} relations can be embedded in one request");
        var by = Relationships.Find(parent.Relation, schema, name, item.Target, item.Hint);
        var rows = new ReadPlan { Relation = by.To, Number = numbers++ };
        Outputs(rows, schema, by.To.Name, item.Items, null);
        var embed = new EmbedPlan
        {
            By = by,
            Label = LabelOf(item.Alias, item.Target, false),
            Target = item.Target,
            Alias = item.Alias,
            Spread = item.Spread,
            Inner = item.Join == JoinKind.Inner,
            Rows = rows,
        };
        parent.Embeds.Add(embed);
        return embed;
    }

    private void Levels(ReadPlan top, Query query, IReadOnlyList<string>? known)
    {
        foreach (var (path, level) in query.Levels.Values)
        {
            var plan = path.Aggregate(top, Child);
            var name = plan.Relation?.Name ?? string.Empty;
            foreach (var condition in level.Where) plan.Where.Add(Condition(plan, condition, name, known));
            if (level.Having.Count > 0 && !rules.Aggregates) throw new ApiError(400, "PGRST123", "Use of aggregate functions is not allowed");
            if (level.Having.Count > 0 && !plan.Grouped) throw new ApiError(400, "PGRST100", "\"having\" needs an aggregate function in \"select\"");
            foreach (var condition in level.Having) plan.Having.Add(Condition(plan, condition, name, known));
            foreach (var term in level.Order) plan.Order.Add(Order(plan, term, name, known));
            plan.Limit = level.Limit;
            plan.Offset = level.Offset ?? 0;
        }
    }

    private ReadPlan Child(ReadPlan plan, string name) => FindEmbed(plan, name)?.Rows ?? throw ApiError.NotEmbedded(name);

    private EmbedPlan? FindEmbed(ReadPlan plan, string name)
    {
        if (plan.Embeds.Find(e => e.Label.Text == name) is { } found) return found;
        if (plan.Embeds.Find(e => e.Target == name) is not { } named) return null;
        return rules.TargetNames ? named : throw new ApiError(400, "PGRST108", $"'{name}' is not an embedded resource in this request")
        {
            Details = "Target names are not allowed in filters if they have an alias",
            Hint = $"Change '{name}' to '{named.Label.Text}' in filters, orders or limits.",
        };
    }

    private static PlanCondition Condition(ReadPlan plan, Condition condition, string name, IReadOnlyList<string>? known)
    {
        if (condition is Logic logic) return new Tree(logic.Or, logic.Negated, logic.Terms.ConvertAll(t => Condition(plan, t, name, known)));
        var filter = (Filter)condition;
        if (filter is { Field: { Path: [] } field, Is: { Op: Op.Is, Word: IsWord.Null or IsWord.NotNull } }
            && plan.Embeds.Find(e => e.Label.Text == field.Name) is { } embed)
            return new Related(embed, filter.Is.Word == IsWord.NotNull ^ filter.Is.Negated);
        return new Compare(filter.Field is null ? null : Look(plan, filter.Field, name, known), filter.Aggregate, filter.Is);
    }

    private PlanOrder Order(ReadPlan plan, OrderTerm term, string name, IReadOnlyList<string>? known)
    {
        if (term.Relation is null) return new PlanOrder(null, null, Look(plan, term.Field, name, known), term.Descending, term.NullsFirst);
        var embed = FindEmbed(plan, term.Relation) ?? throw ApiError.NotEmbedded(term.Relation);
        if (!embed.By.ToOne)
            throw new ApiError(400, "PGRST118", $"A related order on '{embed.Label.Text}' is not possible") { Details = $"'{name}' and '{embed.Label.Text}' do not form a many-to-one or one-to-one relationship" };
        var spread = embed.Spread && term.Field.Path.Length == 0 && Spread(embed.Rows, term.Field.Name);
        return new PlanOrder(embed, spread ? term.Field.Name : null, spread ? null : Look(embed.Rows, term.Field, embed.Target, null), term.Descending, term.NullsFirst);
    }

    private static bool Spread(ReadPlan rows, string name) => rows.Outputs.Exists(o => o switch
    {
        OneValue { Aggregate: Aggregate.None } value => value.Label.Text == name,
        AllColumns => rows.Relation!.ByName.ContainsKey(name),
        Embedded { Embed: { Spread: true } inner } => Spread(inner.Rows, name),
        _ => false,
    });
}
