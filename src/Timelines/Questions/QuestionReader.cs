using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Clientele.Timelines.Questions;

/// <summary>What the reader fills in where a question says nothing.</summary>
/// <param name="Today">The day it is in <paramref name="TimeZone"/>.</param>
public sealed record Defaults(string TimeZone, DateOnly Today);

/// <summary>Reads a question from JSON. Every fault is reported, by the path of its field (<c>steps[1].filters[0].operator</c>).</summary>
public sealed class QuestionReader
{
    private const int LongestRange = 3660;
    private static readonly string[] common = ["version", "kind", "from", "to", "timeZone", "filters"];

    private static readonly Dictionary<QuestionKind, string[]> parts = new()
    {
        [QuestionKind.Trend] = ["interval", "breakdown", "compare", "series"],
        [QuestionKind.Funnel] = ["breakdown", "compare", "steps", "windowSeconds", "order", "modes", "exclusions"],
        [QuestionKind.Retention] = ["interval", "breakdown", "start", "return", "first", "unbounded", "periods", "revenue"],
        [QuestionKind.Lifecycle] = ["interval", "activity"],
        [QuestionKind.Stickiness] = ["interval", "activity"],
        [QuestionKind.Paths] = ["start", "activity", "depth", "gapSeconds"],
        [QuestionKind.Segment] = ["where"],
        [QuestionKind.Timeline] = ["customer", "limit"],
    };

    private readonly Dictionary<string, string[]> errors = [];
    private int selectors;

    private QuestionReader() { }

    /// <summary>How questions are written as JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The question with its parts that its kind takes, nothing left to defaults: equal questions have equal texts.</summary>
    public static string Write(Question question)
    {
        var all = JsonSerializer.SerializeToNode(question, Json)!.AsObject();
        foreach (var name in all.Select(p => p.Key).Where(n => !common.Contains(n) && !parts[question.Kind].Contains(n)).ToList()) all.Remove(name);
        return all.ToJsonString(Json);
    }

    /// <returns>The question, or null with what is wrong.</returns>
    public static (Question? Question, IReadOnlyDictionary<string, string[]> Errors) Read(JsonElement json, Defaults defaults)
    {
        var reader = new QuestionReader();
        var question = reader.Question(json, defaults);
        return reader.errors.Count == 0 ? (question, reader.errors) : (null, reader.errors);
    }

    private Question? Question(JsonElement json, Defaults defaults)
    {
        if (!IsObject(json, "query")) return null;
        if (Word<QuestionKind>(json, "kind", string.Empty) is not { } kind)
        {
            if (errors.Count == 0) Fault("kind", $"Say what is asked: {Choices<QuestionKind>()}.");
            return null;
        }
        Known(json, string.Empty, [.. common, .. parts[kind]]);
        var zone = Text(json, "timeZone", string.Empty) ?? defaults.TimeZone;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _) || zone.Length > 50) Fault("timeZone", "Name a time zone of the IANA list, as Europe/Paris.");
        var to = Day(json, "to") ?? defaults.Today;
        var question = new Question
        {
            Version = (int)(Whole(json, "version", string.Empty, 1, 1) ?? 1),
            Kind = kind,
            TimeZone = zone,
            To = to,
            From = Day(json, "from") ?? to.AddDays(-29),
            Interval = Word<Interval>(json, "interval", string.Empty) ?? (kind == QuestionKind.Retention ? Interval.Week : Interval.Day),
            Filters = List(json, "filters", string.Empty, 50, Condition),
            Breakdown = List(json, "breakdown", string.Empty, 2, (e, path) =>
            {
                var of = Operand(e, path);
                if (of is { Field: "value" }) Fault(Join(path, "field"), "An event's value is a number: sum it, or filter by it.");
                return of;
            }),
            Compare = Flag(json, "compare", string.Empty) ?? false,
        };
        Range(question);
        return kind switch
        {
            QuestionKind.Trend => Trend(json, question),
            QuestionKind.Funnel => Funnel(json, question),
            QuestionKind.Retention => Retention(json, question),
            QuestionKind.Lifecycle or QuestionKind.Stickiness => Lifecycle(json, question),
            QuestionKind.Paths => Paths(json, question),
            QuestionKind.Segment => question with { Where = Rule(Member(json, "where"), "where", 0) },
            _ => Timeline(json, question),
        };
    }

    private void Range(Question q)
    {
        if (q.From > q.To) Fault("from", "The range begins after it ends. Swap from and to.");
        else if (q.From.Year < 1971 || q.To.Year > 2099) Fault("from", "The range lies between the years 1971 and 2099.");
        else if (q.To.DayNumber - q.From.DayNumber >= LongestRange) Fault("from", "The range is longer than ten years. Choose a shorter one.");
        else if (q.Interval == Interval.Hour && q.To.DayNumber - q.From.DayNumber >= 62) Fault("interval", "So many hours make too many points. Choose day, or at most two months.");
        if (q.Interval == Interval.Hour && q.Kind is QuestionKind.Retention or QuestionKind.Lifecycle or QuestionKind.Stickiness && q.Interval == Interval.Hour)
            Fault("interval", "The interval is day, week or month.");
    }

    private Question Trend(JsonElement json, Question q)
    {
        var series = List(json, "series", string.Empty, 10, (e, path) =>
        {
            if (!IsObject(e, path)) return null;
            Known(e, path, ["event", "filters", "measure", "of"]);
            var measure = Word<Measure>(e, "measure", path) ?? Measure.Events;
            var of = e.TryGetProperty("of", out var named) ? Operand(named, Join(path, "of")) : null;
            if (measure is Measure.Events or Measure.Customers && of is not null) Fault(Join(path, "of"), "Only a sum, an average and the like are of something. Leave it out.");
            if (measure is not (Measure.Events or Measure.Customers)) of = Number(of, Join(path, "of"));
            return new Series { Event = Event(e, path), Filters = EventFilters(e, path), Measure = measure, Of = of };
        });
        if (series.Count == 0 && !errors.ContainsKey("series")) Fault("series", "Name at least one line: {\"event\": \"page_view\"}.");
        return q with { Series = series };
    }

    private Question Funnel(JsonElement json, Question q)
    {
        var steps = List(json, "steps", string.Empty, 12, (e, path) =>
        {
            if (!IsObject(e, path)) return null;
            Known(e, path, ["event", "filters", "optional"]);
            return new Step { Event = Event(e, path), Filters = EventFilters(e, path), Optional = Flag(e, "optional", path) ?? false };
        });
        if (steps.Count == 0 && !errors.ContainsKey("steps")) Fault("steps", "Name at least one step: {\"event\": \"page_view\"}.");
        if (steps is [{ Optional: true }, ..]) Fault("steps[0].optional", "The first step is where the funnel begins; it cannot be optional.");
        var order = Word<StepOrder>(json, "order", string.Empty) ?? StepOrder.Ordered;
        var modes = List(json, "modes", string.Empty, 5, (e, path) => e.ValueKind == JsonValueKind.String && Parse<FunnelMode>(e.GetString()!) is { } mode
            ? (FunnelMode?)mode : Refuse<FunnelMode?>(path, $"One of {Choices<FunnelMode>()}.")).Select(m => m!.Value).Distinct().Order().ToList();
        var exclusions = List(json, "exclusions", string.Empty, 10, (e, path) =>
        {
            if (!IsObject(e, path)) return null;
            Known(e, path, ["event", "filters", "after", "before"]);
            var x = new Exclusion
            {
                Event = Event(e, path), Filters = EventFilters(e, path),
                After = (int)(Whole(e, "after", path, 1, 12) ?? 1), Before = (int)(Whole(e, "before", path, 2, 12) ?? steps.Count),
            };
            if (x.After >= x.Before || x.Before > steps.Count) Fault(Join(path, "before"), "Name a later step of this funnel than \"after\" does.");
            else if (steps[x.After - 1].Optional || steps[x.Before - 1].Optional) Fault(Join(path, "after"), "Name steps that are not optional.");
            return x;
        });
        var plain = order == StepOrder.Ordered && modes.Count == 0;
        if (!plain && exclusions.Count > 0) Fault("exclusions", "Exclusions go with the order \"ordered\" without modes.");
        if (!plain && steps.Any(s => s.Optional)) Fault("steps", "Optional steps go with the order \"ordered\" without modes.");
        if (order == StepOrder.Any && modes.Count > 0) Fault("modes", "Steps in any order have no modes.");
        return q with
        {
            Steps = steps, Order = order, Modes = modes, Exclusions = exclusions,
            WindowSeconds = Whole(json, "windowSeconds", string.Empty, 1, 366 * 86_400L) ?? 7 * 86_400,
        };
    }

    private Question Retention(JsonElement json, Question q)
    {
        var start = Selector(Member(json, "start"), "start", required: true);
        q = q with
        {
            Start = start,
            Return = Selector(Member(json, "return"), "return", required: false) ?? start,
            First = Flag(json, "first", string.Empty) ?? true,
            Unbounded = Flag(json, "unbounded", string.Empty) ?? false,
            Revenue = Flag(json, "revenue", string.Empty) ?? false,
            Periods = (int)(Whole(json, "periods", string.Empty, 1, 60) ?? 12),
        };
        if (q is { Revenue: true, Unbounded: true }) Fault("unbounded", "What a cohort brought is counted in its period. Leave one of the two out.");
        return q;
    }

    private Question Lifecycle(JsonElement json, Question q) => q with { Activity = Selector(Member(json, "activity"), "activity", required: false) ?? new Selector() };

    private Question Paths(JsonElement json, Question q) => q with
    {
        Start = Selector(Member(json, "start"), "start", required: false),
        Activity = Selector(Member(json, "activity"), "activity", required: false) ?? new Selector(),
        Depth = (int)(Whole(json, "depth", string.Empty, 1, 20) ?? 5),
        GapSeconds = Whole(json, "gapSeconds", string.Empty, 1, 366 * 86_400L),
    };

    private Question Timeline(JsonElement json, Question q)
    {
        var customer = Text(json, "customer", string.Empty);
        if (!Guid.TryParse(customer, out var id)) Fault("customer", "Give the customer's id.");
        return q with { Customer = id, Limit = (int)(Whole(json, "limit", string.Empty, 1, 1000) ?? 100) };
    }

    private Rule? Rule(JsonElement? given, string path, int depth)
    {
        if (given is not { } json) return Refuse<Rule>(path, "Say who is in the segment: {\"kind\": \"count\", \"events\": {\"event\": \"order_completed\"}}.");
        if (!IsObject(json, path)) return null;
        if (depth > 10) return Refuse<Rule>(path, "Rules within rules go ten deep at most.");
        if (Word<RuleKind>(json, "kind", path) is not { } kind)
        {
            errors.TryAdd(Join(path, "kind"), [$"One of {Choices<RuleKind>()}."]);
            return null;
        }
        Known(json, path, ["kind", .. kind switch
        {
            RuleKind.All or RuleKind.Any or RuleKind.Not => (string[])["rules"],
            RuleKind.Count => ["events", "operator", "value", "days"],
            RuleKind.Sum or RuleKind.Average => ["events", "of", "operator", "value", "days"],
            RuleKind.First or RuleKind.Last => ["events", "days"],
            RuleKind.Sequence => ["steps", "windowSeconds", "days"],
            _ => ["condition"],
        }]);
        var rule = new Rule
        {
            Kind = kind,
            Rules = List(json, "rules", path, 50, (e, p) => Rule(e, p, depth + 1)),
            Steps = List(json, "steps", path, 12, (e, p) => Selector(e, p, required: true)),
            Days = (int?)Whole(json, "days", path, 1, LongestRange),
            WindowSeconds = Whole(json, "windowSeconds", path, 1, 366 * 86_400L) ?? 7 * 86_400,
            Operator = Word<Comparison>(json, "operator", path) ?? Comparison.GreaterOrEqual,
            Value = Decimal(json, "value", path) ?? 1,
        };
        if (kind is RuleKind.All or RuleKind.Any && rule.Rules.Count == 0) Fault(Join(path, "rules"), "Name at least one rule.");
        if (kind == RuleKind.Not && rule.Rules.Count != 1) Fault(Join(path, "rules"), "Name the one rule that must not hold.");
        if ((selectors += kind == RuleKind.Sequence ? rule.Steps.Count : 1) > 32) Fault(path, "A segment asks for at most 32 kinds of events.");
        if (kind == RuleKind.Sequence && rule.Steps.Count < 2) Fault(Join(path, "steps"), "A sequence has at least two steps.");
        if (rule.Operator is not (Comparison.Equal or Comparison.NotEqual or Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Less or Comparison.LessOrEqual))
            Fault(Join(path, "operator"), "One of equal, not_equal, greater, greater_or_equal, less, less_or_equal.");
        return kind switch
        {
            RuleKind.Count or RuleKind.First or RuleKind.Last => rule with { Events = Selector(Member(json, "events"), Join(path, "events"), required: true) },
            RuleKind.Sum or RuleKind.Average => rule with
            {
                Events = Selector(Member(json, "events"), Join(path, "events"), required: true),
                Of = Number(json.TryGetProperty("of", out var of) ? Operand(of, Join(path, "of")) : null, Join(path, "of")),
            },
            RuleKind.Attribute => rule with { Condition = AttributeCondition(json, path) },
            _ => rule,
        };
    }

    private Condition? AttributeCondition(JsonElement json, string path)
    {
        if (Member(json, "condition") is not { } named) return Refuse<Condition>(Join(path, "condition"), "Name the condition: {\"attribute\": \"country\", \"values\": [\"FR\"]}.");
        var condition = Condition(named, Join(path, "condition"));
        if (condition is { Attribute: null }) Fault(Join(path, "condition"), "This rule asks about an attribute of the customer.");
        return condition;
    }

    private Selector? Selector(JsonElement? given, string path, bool required)
    {
        if (given is not { } json) return required ? Refuse<Selector>(path, "Name the events: {\"event\": \"page_view\"}, or {} for any.") : null;
        if (!IsObject(json, path)) return null;
        Known(json, path, ["event", "filters"]);
        return new Selector { Event = Event(json, path), Filters = EventFilters(json, path) };
    }

    private string? Event(JsonElement json, string path)
    {
        var name = Text(json, "event", path);
        if (name is not null && (name.Length is 0 or > 100 || !name.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '_' or '$')))
            Fault(Join(path, "event"), "A type of event is lower-case letters, digits and underscores, as order_completed.");
        return name;
    }

    // What holds for the customer is asked once, for the whole question.
    private List<Condition> EventFilters(JsonElement json, string path)
    {
        var filters = List(json, "filters", path, 20, Condition);
        for (var i = 0; i < filters.Count; i++)
            if (filters[i].Attribute is not null) Fault($"{Join(path, "filters")}[{i}].attribute", "Conditions on customers go in the question's own filters.");
        return filters;
    }

    private Operand? Number(Operand? of, string path)
    {
        if (of is null && !errors.ContainsKey(path)) return new Operand { Field = "value" };
        if (of is { Attribute: not null } || of is { Field: not null and not "value" }) Fault(path, "Numbers are the field \"value\" or a property.");
        return of;
    }

    private Operand? Operand(JsonElement json, string path)
    {
        if (!IsObject(json, path)) return null;
        Known(json, path, ["property", "field", "attribute"]);
        return Named(json, path);
    }

    private Operand? Named(JsonElement json, string path)
    {
        var (property, field, attribute) = (Text(json, "property", path), Text(json, "field", path), Text(json, "attribute", path));
        if (new[] { property, field, attribute }.Count(n => n is not null) != 1) return Refuse<Operand>(path, "Name exactly one of property, field and attribute.");
        if (property is { Length: 0 or > 100 }) Fault(Join(path, "property"), "The name of a property is 1 to 100 characters.");
        if (field is not null && !Names.Fields.Contains(field)) Fault(Join(path, "field"), $"One of {string.Join(", ", Names.Fields)}.");
        if (attribute is not null && !Names.Attributes.Contains(attribute) && !(attribute.StartsWith(Names.Custom, StringComparison.Ordinal) && attribute.Length is > 7 and <= 107))
            Fault(Join(path, "attribute"), $"One of {string.Join(", ", Names.Attributes)}, or custom. and the key of a custom attribute.");
        return new Operand { Property = property, Field = field, Attribute = attribute };
    }

    private Condition? Condition(JsonElement json, string path)
    {
        if (!IsObject(json, path)) return null;
        Known(json, path, ["property", "field", "attribute", "operator", "values", "value"]);
        var of = Named(json, path);
        var comparison = Word<Comparison>(json, "operator", path) ?? Comparison.Equal;
        var values = json.TryGetProperty("value", out var one) ? Scalar(one, Join(path, "value")) is { } single ? [single] : [] : List(json, "values", path, 1000, Scalar);
        var at = Join(path, "values");
        if (comparison is Comparison.Exists or Comparison.NotExists)
        {
            if (values.Count > 0) Fault(at, "Whether something exists is compared with nothing. Leave the values out.");
        }
        else if (comparison is Comparison.In or Comparison.NotIn)
        {
            if (values.Count == 0) Fault(at, "Name at least one value.");
        }
        else if (values.Count != 1 && !errors.Keys.Any(k => k.StartsWith(at, StringComparison.Ordinal))) Fault(at, "Name one value.");
        var numeric = comparison is Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Less or Comparison.LessOrEqual || of?.Field == "value";
        if (numeric && values.Any(v => Numbers.Read(v) == Numbers.None)) Fault(at, "Compare with a number of at most twelve digits before the point.");
        if (of?.Field == "value" && comparison is Comparison.Contains or Comparison.NotContains or Comparison.StartsWith && of?.Field == "value")
            Fault(Join(path, "operator"), "An event's value is a number: compare it with greater, less, equal, in or exists.");
        return new Condition { Property = of?.Property, Field = of?.Field, Attribute = of?.Attribute, Operator = comparison, Values = values };
    }

    // --- JSON ---

    private static JsonElement? Member(JsonElement json, string name) => json.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    private List<T> List<T>(JsonElement json, string name, string path, int most, Func<JsonElement, string, T?> read)
    {
        var at = Join(path, name);
        if (Member(json, name) is not { } list) return [];
        if (list.ValueKind != JsonValueKind.Array) return Refuse<List<T>>(at, "This is a list.") ?? [];
        if (list.GetArrayLength() > most) return Refuse<List<T>>(at, $"At most {most}.") ?? [];
        return [.. list.EnumerateArray().Select((e, i) => read(e, $"{at}[{i}]")).Where(e => e is not null).Select(e => e!)];
    }

    private string? Scalar(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.String when json.GetString()!.Length <= 1000 && !json.GetString()!.Contains('\0', StringComparison.Ordinal) => json.GetString(),
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => Refuse<string>(path, "A value is a text of at most 1,000 characters, a number, true or false."),
    };

    private string? Text(JsonElement json, string name, string path)
    {
        if (Member(json, name) is not { } text) return null;
        if (text.ValueKind == JsonValueKind.String && text.GetString() is { Length: <= 200 } value && !value.Contains('\0', StringComparison.Ordinal)) return value;
        return Refuse<string>(Join(path, name), "This is a text of at most 200 characters.");
    }

    private bool? Flag(JsonElement json, string name, string path)
    {
        if (Member(json, name) is not { } flag) return null;
        if (flag.ValueKind is JsonValueKind.True or JsonValueKind.False) return flag.GetBoolean();
        Fault(Join(path, name), "This is true or false.");
        return null;
    }

    private long? Whole(JsonElement json, string name, string path, long least, long most)
    {
        if (Member(json, name) is not { } number) return null;
        if (number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) && value >= least && value <= most) return value;
        Fault(Join(path, name), least == most ? $"This is {least}." : $"This is a whole number from {least} to {most}.");
        return null;
    }

    private decimal? Decimal(JsonElement json, string name, string path)
    {
        if (Member(json, name) is not { } number) return null;
        if (number.ValueKind == JsonValueKind.Number && Numbers.Read(number.GetRawText()) is var value and not Numbers.None) return Numbers.ToDecimal(value);
        Fault(Join(path, name), "This is a number of at most twelve digits before the point.");
        return null;
    }

    private DateOnly? Day(JsonElement json, string name)
    {
        if (Text(json, name, string.Empty) is not { } text) return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day;
        Fault(name, "This is a day, written YYYY-MM-DD.");
        return null;
    }

    private T? Word<T>(JsonElement json, string name, string path) where T : struct, Enum
    {
        if (Text(json, name, path) is not { } word) return null;
        if (Parse<T>(word) is { } value) return value;
        Fault(Join(path, name), $"One of {Choices<T>()}.");
        return null;
    }

    private static T? Parse<T>(string word) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>()) if (WordOf(value) == word) return value;
        return null;
    }

    private static string WordOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Choices<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(WordOf));

    private void Known(JsonElement json, string path, string[] names)
    {
        foreach (var property in json.EnumerateObject())
            if (!names.Contains(property.Name)) Fault(Join(path, property.Name), $"There is no such part here. There is: {string.Join(", ", names)}.");
    }

    private bool IsObject(JsonElement json, string path)
    {
        if (json.ValueKind == JsonValueKind.Object) return true;
        Fault(path, "This is an object.");
        return false;
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void Fault(string path, string message) => errors.TryAdd(path, [message]);

    private T? Refuse<T>(string path, string message)
    {
        Fault(path, message);
        return default;
    }
}
