using System.Text.Json.Serialization;

namespace Clientele.Timelines.Questions;

/// <summary>
/// One question about behaviour, as JSON carries it (version 1). Which parts a kind takes stands in docs/guides/analytics.md;
/// <see cref="QuestionReader"/> refuses those it does not take, naming the field.
/// </summary>
public sealed record Question
{
    /// <summary>Of this model: 1.</summary>
    public int Version { get; init; } = 1;
    public required QuestionKind Kind { get; init; }

    /// <summary>The first day, in <see cref="TimeZone"/>.</summary>
    public DateOnly From { get; init; }

    /// <summary>The last day, itself included.</summary>
    public DateOnly To { get; init; }

    /// <summary>An IANA name; days, weeks and months begin there.</summary>
    public string TimeZone { get; init; } = "UTC";
    public Interval Interval { get; init; } = Interval.Day;

    /// <summary>Hold for every event that is counted; conditions on attributes hold for the customer.</summary>
    public IReadOnlyList<Condition> Filters { get; init; } = [];

    /// <summary>At most two.</summary>
    public IReadOnlyList<Operand> Breakdown { get; init; } = [];

    /// <summary>Also ask for as many days before <see cref="From"/>.</summary>
    public bool Compare { get; init; }

    /// <summary>Trends: at most ten lines.</summary>
    public IReadOnlyList<Series> Series { get; init; } = [];

    /// <summary>Funnels: two to twelve.</summary>
    public IReadOnlyList<Step> Steps { get; init; } = [];

    /// <summary>Funnels: seconds from the first step within which the others happen; up to 366 days.</summary>
    public long WindowSeconds { get; init; } = 7 * 86_400;
    public StepOrder Order { get; init; } = StepOrder.Ordered;

    /// <summary>Funnels: further rules for ordered and strict order, by the names ClickHouse gave them.</summary>
    public IReadOnlyList<FunnelMode> Modes { get; init; } = [];

    /// <summary>Funnels, in plain order: what must not happen between two steps.</summary>
    public IReadOnlyList<Exclusion> Exclusions { get; init; } = [];

    /// <summary>Retention: what begins; paths: where they begin (the first event when it is absent).</summary>
    public Selector? Start { get; init; }

    /// <summary>Retention: what counts as coming back; the same as <see cref="Start"/> when it is absent.</summary>
    public Selector? Return { get; init; }

    /// <summary>Retention: only the first time ever makes a customer part of a cohort; otherwise each period in which they begin.</summary>
    public bool First { get; init; } = true;

    /// <summary>Retention: came back in that period or a later one.</summary>
    public bool Unbounded { get; init; }

    /// <summary>Retention: how many periods, that of the beginning included; up to 60.</summary>
    public int Periods { get; init; } = 12;

    /// <summary>Retention: the values of the returning events instead of the customers.</summary>
    public bool Revenue { get; init; }

    /// <summary>Lifecycle, stickiness, paths: which events count; all when it is absent.</summary>
    public Selector? Activity { get; init; }

    /// <summary>Paths: how many events follow the first; up to 20.</summary>
    public int Depth { get; init; } = 5;

    /// <summary>Paths: a longer pause ends the path; null: none does.</summary>
    public long? GapSeconds { get; init; }

    /// <summary>Segment: who is in it.</summary>
    public Rule? Where { get; init; }

    /// <summary>Timeline: whose; any profile of the person.</summary>
    public Guid? Customer { get; init; }

    /// <summary>Timeline: how many events, newest first; up to 1,000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>As many days, just before.</summary>
    public Question Previous() => this with { From = From.AddDays(-(To.DayNumber - From.DayNumber + 1)), To = From.AddDays(-1), Compare = false };
}

/// <summary>What is asked.</summary>
public enum QuestionKind { Trend, Funnel, Retention, Lifecycle, Stickiness, Paths, Segment, Timeline }

/// <summary>Length of a period.</summary>
public enum Interval { Hour, Day, Week, Month }

/// <summary>How steps must follow each other.</summary>
public enum StepOrder { Ordered, Strict, Any }

/// <summary>Rules of ClickHouse's windowFunnel.</summary>
public enum FunnelMode { StrictDeduplication, StrictOrder, StrictIncrease, StrictOnce, AllowReentry }

/// <summary>What a line of a trend shows.</summary>
public enum Measure { Events, Customers, Sum, Average, Minimum, Maximum, Median, P75, P90, P95, P99 }

/// <summary>Where a value comes from: exactly one of the three is named.</summary>
public sealed record Operand
{
    /// <summary>A top-level property of the event.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Property { get; init; }

    /// <summary>Something every event may have: see <see cref="Names.Fields"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Field { get; init; }

    /// <summary>Something about the customer, as it is now: see <see cref="Names.Attributes"/>, or <c>custom.</c> and a key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Attribute { get; init; }

    public override string ToString() => Property is not null ? $"property {Property}" : Field is not null ? $"field {Field}" : $"attribute {Attribute}";
}

/// <summary>How a value is compared. What is missing meets only those that say not.</summary>
public enum Comparison { Equal, NotEqual, In, NotIn, Contains, NotContains, StartsWith, Greater, GreaterOrEqual, Less, LessOrEqual, Exists, NotExists }

/// <summary>A condition on one value. Texts compare exactly, letter by letter; greater and less compare numbers.</summary>
public sealed record Condition
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Property { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Field { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Attribute { get; init; }
    public Comparison Operator { get; init; } = Comparison.Equal;

    /// <summary>What to compare with: one, or several for in and not in.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    [JsonIgnore] public Operand Of => new() { Property = Property, Field = Field, Attribute = Attribute };
}

/// <summary>Some events: of a type (null: any), that meet all filters.</summary>
public record Selector
{
    public string? Event { get; init; }
    public IReadOnlyList<Condition> Filters { get; init; } = [];
}

/// <summary>A line of a trend.</summary>
public sealed record Series : Selector
{
    public Measure Measure { get; init; } = Measure.Events;

    /// <summary>What is summed, averaged and so on: the field value, or a property that holds numbers.</summary>
    public Operand? Of { get; init; }
}

/// <summary>A step of a funnel.</summary>
public sealed record Step : Selector
{
    /// <summary>May be left out; never the first.</summary>
    public bool Optional { get; init; }
}

/// <summary>What must not happen between the step <see cref="After"/> and the step <see cref="Before"/>, counted from 1.</summary>
public sealed record Exclusion : Selector
{
    public int After { get; init; } = 1;

    /// <summary>0: the last.</summary>
    public int Before { get; init; }
}

/// <summary>What a rule of a segment looks at.</summary>
public enum RuleKind { All, Any, Not, Count, Sum, Average, First, Last, Sequence, Attribute }

/// <summary>Who belongs to a segment: a tree of rules.</summary>
public sealed record Rule
{
    public required RuleKind Kind { get; init; }

    /// <summary>All, any, not (one).</summary>
    public IReadOnlyList<Rule> Rules { get; init; } = [];

    /// <summary>Count, sum, average, first, last: of which events.</summary>
    public Selector? Events { get; init; }

    /// <summary>Sum, average: of what.</summary>
    public Operand? Of { get; init; }

    /// <summary>Count, sum, average: one of equal, not_equal, greater, greater_or_equal, less, less_or_equal.</summary>
    public Comparison Operator { get; init; } = Comparison.GreaterOrEqual;
    public decimal Value { get; init; } = 1;

    /// <summary>Only events of the last so many days of the question's time; null: of all of it. First and last look at all time and ask whether it lies there.</summary>
    public int? Days { get; init; }

    /// <summary>Sequence: in this order…</summary>
    public IReadOnlyList<Selector> Steps { get; init; } = [];

    /// <summary>…within so many seconds of the first.</summary>
    public long WindowSeconds { get; init; } = 7 * 86_400;

    /// <summary>Attribute.</summary>
    public Condition? Condition { get; init; }
}

/// <summary>The words a question may use for what events and customers have.</summary>
public static class Names
{
    public static IReadOnlyList<string> Fields { get; } =
        ["country", "city", "device_type", "browser", "os", "utm_source", "utm_medium", "utm_campaign", "currency", "data_source", "value"];

    public static IReadOnlyList<string> Attributes { get; } =
        ["country", "state", "city", "gender", "timezone", "customer_type", "customer_status", "lifecycle_stage",
         "acquisition_channel", "acquisition_campaign", "acquisition_source", "data_source"];

    /// <summary>Before the key of a custom attribute.</summary>
    public const string Custom = "custom.";
}
