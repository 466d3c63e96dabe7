using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;

namespace Clientele.DataApi.Plan;

// What a request means, with every name looked up: the compiler asks the catalogue nothing.

/// <summary>What a value is called in the answer. One from the request is sent as a parameter, never as SQL.</summary>
internal readonly record struct Label(string Text, bool FromRequest);

/// <summary>A value of a row: a column or a computed one, and what of its JSON.</summary>
internal sealed record Value(Column? Column, Routine? Computed, JsonStep[] Path);

internal abstract record Output;

/// <summary>All columns of the relation.</summary>
internal sealed record AllColumns : Output;

/// <param name="Value">Null: <c>count()</c>.</param>
internal sealed record OneValue(Value? Value, Label Label, Identifier? Cast, Aggregate Aggregate, Identifier? AggregateCast) : Output;

internal sealed record Embedded(EmbedPlan Embed) : Output;

internal abstract record PlanCondition;

internal sealed record Compare(Value? Value, Aggregate Aggregate, Comparison Is) : PlanCondition;

internal sealed record Tree(bool Or, bool Negated, List<PlanCondition> Terms) : PlanCondition;

/// <summary>Whether there are embedded rows at all.</summary>
internal sealed record Related(EmbedPlan Embed, bool Exists) : PlanCondition;

/// <param name="Embed">Whose column it is, when it is not this relation's.</param>
/// <param name="Spread">The name of one of its spread columns, when that is meant.</param>
internal sealed record PlanOrder(EmbedPlan? Embed, string? Spread, Value? Value, bool? Descending, bool? NullsFirst);

internal sealed class EmbedPlan
{
    public required Relationship By { get; init; }
    public required Label Label { get; init; }
    public required string Target { get; init; }
    public string? Alias { get; init; }
    public required bool Spread { get; init; }
    public required bool Inner { get; init; }
    public required ReadPlan Rows { get; init; }
}

/// <summary>Rows of one relation or function, and of what is embedded in it.</summary>
internal sealed class ReadPlan
{
    /// <summary>Null: rows whose columns only the call knows.</summary>
    public Relation? Relation { get; init; }

    /// <summary>Names the relation within the statement.</summary>
    public required int Number { get; init; }
    public List<Output> Outputs { get; } = [];
    public List<EmbedPlan> Embeds { get; } = [];
    public List<PlanCondition> Where { get; } = [];
    public List<PlanCondition> Having { get; } = [];
    public List<PlanOrder> Order { get; } = [];
    public List<Value>? Distinct { get; set; }
    public long? Limit { get; set; }
    public long Offset { get; set; }

    /// <summary>Some value is an aggregate, so the others are what it is grouped by.</summary>
    public bool Grouped { get; set; }
}
