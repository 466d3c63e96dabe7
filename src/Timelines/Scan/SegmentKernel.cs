using System.Numerics;
using System.Runtime.CompilerServices;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>Who meets a tree of rules. Asked of everybody who is known, with events or without.</summary>
internal sealed class SegmentKernel : Kernel
{
    private readonly Node root;
    private readonly Leaf[] leaves;
    private bool? idle;
    private long members;

    /// <summary>A rule about events: its selectors, and what was counted of the person at hand.</summary>
    internal sealed class Leaf
    {
        public required Rule Rule { get; init; }

        /// <summary>Its selectors are bits <see cref="Bit"/> and, of a sequence, those that follow.</summary>
        public required int Bit { get; init; }

        /// <summary>Events before this second do not count.</summary>
        public required long From { get; init; }
        public int Slot { get; init; } = -1;
        public Store.ValueDictionary? Numbers { get; init; }

        /// <summary>Only how many there were, of all that are looked at.</summary>
        public bool Counts;
        public long Count, First, Last;

        /// <summary>What is compared with, in millionths.</summary>
        public required Int128 Threshold { get; init; }
        public Int128 Sum;
        public long[] Starts { get; init; } = [];

        /// <summary>Of a sequence: its steps at the instant at hand.</summary>
        public uint Now;
    }

    /// <summary>What an attribute rule says of an ordinal.</summary>
    internal sealed record AttributeTest(Store.Attributes.Column? Column, bool[] Passes);

    /// <summary>A rule with what it looks at, so that nothing is looked up for each person.</summary>
    private sealed record Node(RuleKind Kind, Node[] Rules, Leaf? Leaf, AttributeTest? Test);

    private readonly Dictionary<Rule, AttributeTest> attributes;

    public SegmentKernel(Rule root, Matcher matcher, Calendar calendar, Leaf[] leaves, Dictionary<Rule, AttributeTest> attributes)
        // First and last look at all time.
        : base(matcher, leaves.Select(l => l.Rule.Kind is RuleKind.First or RuleKind.Last ? 0 : l.From).DefaultIfEmpty(0).Min(), calendar.To)
    {
        (this.leaves, this.attributes) = (leaves, attributes);
        var earliest = leaves.Select(l => l.Rule.Kind is RuleKind.First or RuleKind.Last ? 0 : l.From).DefaultIfEmpty(0).Min();
        foreach (var leaf in leaves) leaf.Counts = leaf.Rule.Kind == RuleKind.Count && leaf.From == earliest;
        this.root = NodeOf(root);
        matcher.ForTimes = !leaves.All(l => l.Counts);
    }

    private Node NodeOf(Rule rule) =>
        new(rule.Kind, [.. rule.Rules.Select(NodeOf)], Array.Find(leaves, l => ReferenceEquals(l.Rule, rule)), attributes.GetValueOrDefault(rule));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        // Most people did nothing of what is asked for; without attributes to ask about, what that means is the same for all.
        if (matches.Length == 0 && attributes.Count == 0)
        {
            if (IgnoresIdle) return;
        }
        else
        {
            Begin();
            for (var m = 0; m < matches.Length; m++) Take(view, matches, m);
            if (!Holds(root, view.Person)) return;
        }
        members++;
        Picked = true;
    }

    public override bool IgnoresIdle => attributes.Count == 0 && !(idle ??= Begin() && Holds(root, 0));

    private bool Begin()
    {
        foreach (var leaf in leaves)
        {
            (leaf.Count, leaf.First, leaf.Last, leaf.Sum, leaf.Now) = (0, -1, -1, 0, 0);
            if (leaf.Starts.Length > 0) Array.Fill(leaf.Starts, -1);
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Take(in View view, ReadOnlySpan<Match> matches, int m)
    {
        var (row, mask) = (matches[m].Row, matches[m].Mask);
        foreach (var leaf in leaves)
        {
            if (leaf.Counts)
            {
                // Of these no time is looked at: it would have to come from far away in memory.
                leaf.Count += mask >> leaf.Bit & 1;
                continue;
            }
            var second = view.Seconds[row];
            if (leaf.Rule.Kind == RuleKind.Sequence)
            {
                if (second >= leaf.From) leaf.Now |= mask >> leaf.Bit & ((1u << leaf.Rule.Steps.Count) - 1);
                // Events of one instant are taken in the order of the steps: at the last of them, all together.
                if (leaf.Now == 0 || m + 1 < matches.Length && view.Micros(matches[m + 1].Row) == view.Micros(row)) continue;
                Step(leaf, view.Micros(row));
                leaf.Now = 0;
                continue;
            }
            if ((mask >> leaf.Bit & 1) == 0) continue;
            if (leaf.Rule.Kind is RuleKind.First or RuleKind.Last)
            {
                if (leaf.First < 0) leaf.First = second;
                leaf.Last = second;
            }
            else if (second < leaf.From) continue;
            else if (leaf.Rule.Kind == RuleKind.Count) leaf.Count++;
            else
            {
                var number = leaf.Slot < 0 ? view.Values.Number(row) : leaf.Numbers is { } numbers ? numbers.Number((int)view.Slots[leaf.Slot].Code(row)) : Numbers.None;
                if (number == Numbers.None) continue;
                leaf.Count++;
                leaf.Sum += number;
            }
        }
    }

    private static void Step(Leaf leaf, long now)
    {
        for (var left = leaf.Now; left != 0; left &= left - 1)
        {
            var k = BitOperations.TrailingZeroCount(left);
            var start = k == 0 ? now : leaf.Starts[k - 1];
            if (start >= 0 && now - start <= leaf.Rule.WindowSeconds * 1_000_000L) leaf.Starts[k] = Math.Max(leaf.Starts[k], start);
        }
        if (leaf.Starts[^1] >= 0) leaf.Count = 1;
    }

    private static bool Holds(Node node, int person) => node.Kind switch
    {
        RuleKind.All => All(node.Rules, person),
        RuleKind.Any => Any(node.Rules, person),
        RuleKind.Not => !Holds(node.Rules[0], person),
        RuleKind.Attribute => node.Test!.Passes[node.Test.Column?[person] ?? 0],
        _ => Holds(node.Leaf!),
    };

    private static bool All(Node[] rules, int person)
    {
        foreach (var rule in rules) if (!Holds(rule, person)) return false;
        return true;
    }

    private static bool Any(Node[] rules, int person)
    {
        foreach (var rule in rules) if (Holds(rule, person)) return true;
        return false;
    }

    private static bool Holds(Leaf leaf) => leaf.Rule.Kind switch
    {
        RuleKind.Count => Compare(leaf.Rule.Operator, leaf.Count * Numbers.Scale, (long)Int128.Clamp(leaf.Threshold, long.MinValue, long.MaxValue)),
        RuleKind.Sum => Compare(leaf.Rule.Operator, leaf.Sum, leaf.Threshold),
        RuleKind.Average => leaf.Count > 0 && Compare(leaf.Rule.Operator, leaf.Sum, leaf.Threshold * leaf.Count),
        RuleKind.First => leaf.First >= leaf.From && leaf.First >= 0,
        RuleKind.Last => leaf.Last >= leaf.From && leaf.Last >= 0,
        _ => leaf.Count > 0,
    };

    private static bool Compare<T>(Comparison comparison, T a, T b) where T : IComparisonOperators<T, T, bool> => comparison switch
    {
        Comparison.Equal => a == b,
        Comparison.NotEqual => a != b,
        Comparison.Greater => a > b,
        Comparison.GreaterOrEqual => a >= b,
        Comparison.Less => a < b,
        _ => a <= b,
    };

    public override void Add(Kernel other) => members += ((SegmentKernel)other).members;

    public override void Write(Dictionary<CellKey, Cell> cells) => cells[new CellKey(0, 0, 0)] = new Cell(members);
}
