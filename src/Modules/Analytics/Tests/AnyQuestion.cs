using Clientele.Timelines.Questions;

namespace Clientele.Analytics.Tests;

/// <summary>Makes up questions of every kind.</summary>
internal sealed class AnyQuestion(Random random)
{
    public Question Of(QuestionKind kind)
    {
        var to = Pick(new DateOnly(2026, 3, 29), new DateOnly(2026, 4, 3), new DateOnly(2026, 4, 30));
        var q = new Question
        {
            Kind = kind, To = to, From = to.AddDays(-random.Next(40)), TimeZone = Pick("UTC", "Europe/Paris", "America/Havana", "Asia/Kolkata"),
            Interval = kind == QuestionKind.Trend ? Pick(Interval.Hour, Interval.Day, Interval.Week, Interval.Month) : Pick(Interval.Day, Interval.Week, Interval.Month),
            Filters = random.Next(3) == 0 ? Conditions(attributes: true) : [],
        };
        return kind switch
        {
            QuestionKind.Trend => q with { Breakdown = Breakdown(), Series = Some(1, 3, Series) },
            QuestionKind.Funnel => Funnel(q with { Breakdown = Breakdown(), WindowSeconds = Pick(1, 3600, 86_400, 7 * 86_400) }),
            QuestionKind.Retention => Retention(q with { Breakdown = Breakdown() }),
            QuestionKind.Lifecycle or QuestionKind.Stickiness => q with { Activity = Selector() },
            QuestionKind.Paths => q with
            {
                Activity = Pick(new Selector(), Selector()), Start = Pick(null, Selector()), Depth = random.Next(1, 6), GapSeconds = Pick<long?>(null, 3600, 1200),
            },
            QuestionKind.Segment => q with { Where = Rule(0) },
            _ => q,
        };
    }

    private Question Retention(Question q)
    {
        var start = Selector();
        var revenue = random.Next(3) == 0;
        return q with { Start = start, Return = Pick(start, Selector()), First = Pick(true, false), Periods = random.Next(1, 8), Revenue = revenue, Unbounded = !revenue && Pick(true, false) };
    }

    private Question Funnel(Question q)
    {
        q = q with { Order = Pick(StepOrder.Ordered, StepOrder.Ordered, StepOrder.Strict, StepOrder.Any), Steps = Some(1, 5, () => Step(false)) };
        if (q.Order == StepOrder.Any) return q;
        if (q.Order == StepOrder.Strict || random.Next(3) == 0)
            return q with { Modes = [.. Enum.GetValues<FunnelMode>().Where(_ => random.Next(3) == 0)] };
        q = q with { Steps = [.. q.Steps.Select((s, i) => s with { Optional = i > 0 && i < q.Steps.Count - 1 && random.Next(4) == 0 })] };
        var required = Enumerable.Range(1, q.Steps.Count).Where(k => !q.Steps[k - 1].Optional).ToList();
        if (required.Count < 2 || random.Next(2) == 0) return q;
        return q with
        {
            Exclusions = Some(1, 2, () =>
            {
                var after = random.Next(required.Count - 1);
                var s = Selector();
                return new Exclusion { Event = s.Event, Filters = s.Filters, After = required[after], Before = required[random.Next(after + 1, required.Count)] };
            }),
        };
    }

    private Rule Rule(int depth)
    {
        var kind = depth < 2 ? Pick(Enum.GetValues<RuleKind>()) : Pick(RuleKind.Count, RuleKind.Sum, RuleKind.Attribute, RuleKind.Last);
        var rule = new Rule
        {
            Kind = kind, Days = Pick<int?>(null, 3, 20), Operator = Pick(Comparison.Equal, Comparison.NotEqual, Comparison.Greater, Comparison.GreaterOrEqual, Comparison.Less, Comparison.LessOrEqual),
            Value = Pick(0m, 1m, 2m, 3m, 10.5m), WindowSeconds = Pick(1, 3600, 86_400),
        };
        return kind switch
        {
            RuleKind.All or RuleKind.Any => rule with { Rules = Some(1, 3, () => Rule(depth + 1)) },
            RuleKind.Not => rule with { Rules = [Rule(depth + 1)] },
            RuleKind.Sequence => rule with { Steps = Some(2, 3, Selector) },
            RuleKind.Attribute => rule with { Condition = Condition(attribute: true) },
            _ => rule with { Events = Selector(), Of = Number() },
        };
    }

    private Operand Number() => Pick(new Operand { Field = "value" }, new Operand { Property = "n" });

    private Series Series()
    {
        var measure = Pick(Enum.GetValues<Measure>());
        var s = Selector();
        return new Series { Event = s.Event, Filters = s.Filters, Measure = measure, Of = measure is Measure.Events or Measure.Customers ? null : Number() };
    }

    private Step Step(bool optional)
    {
        var s = Selector();
        return new Step { Event = s.Event, Filters = s.Filters, Optional = optional };
    }

    private Selector Selector() => new() { Event = random.Next(8) == 0 ? null : Pick([.. History.Types, "never"]), Filters = random.Next(4) == 0 ? Conditions(attributes: false) : [] };

    private List<Operand> Breakdown() => random.Next(2) == 0 ? [] : Some(1, 2, () => Pick(
        new Operand { Property = "plan" }, new Operand { Property = "nothing" }, new Operand { Field = "country" }, new Operand { Field = "device_type" },
        new Operand { Attribute = "country" }, new Operand { Attribute = "custom.plan" }));

    private List<Condition> Conditions(bool attributes) => Some(1, 2, () => Condition(attributes && random.Next(2) == 0));

    private Condition Condition(bool attribute)
    {
        var of = attribute
            ? Pick(new Condition { Attribute = "country" }, new Condition { Attribute = "custom.plan" }, new Condition { Attribute = "custom.age" }, new Condition { Attribute = "customer_type" })
            : Pick(new Condition { Property = "plan" }, new Condition { Property = "n" }, new Condition { Property = "flag" }, new Condition { Field = "country" }, new Condition { Field = "value" });
        var comparisons = Enum.GetValues<Comparison>().Where(c => of.Field != "value" || c is not (Comparison.Contains or Comparison.NotContains or Comparison.StartsWith)).ToArray();
        var comparison = Pick(comparisons);
        var numeric = of.Field == "value" || comparison is Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Less or Comparison.LessOrEqual;
        string Value() => numeric ? Pick("0", "2.5", "7", "-1.25", "0.123457") : Pick("FR", "pro", "free", "true", "7", "2.5", "é\u0001\ud83d\ude00", new string('x', 260), "r");
        return of with
        {
            Operator = comparison,
            Values = comparison is Comparison.Exists or Comparison.NotExists ? [] : comparison is Comparison.In or Comparison.NotIn ? Some(1, 3, Value) : [Value()],
        };
    }

    private List<T> Some<T>(int least, int most, Func<T> make) => [.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => make())];

    private T Pick<T>(params T[] values) => values[random.Next(values.Length)];
}
