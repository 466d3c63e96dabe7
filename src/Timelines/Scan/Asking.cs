using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Timelines.Scan;

/// <summary>One question being answered: what it needs is looked up once, then workers claim chunks of people.</summary>
internal sealed unsafe class Asking
{
    private readonly TimelineStore store;
    private readonly Question question;
    private readonly CellPick? pick;
    private readonly Action<double>? progress;
    private readonly CancellationToken ct;
    private readonly List<string> slots = [];
    private readonly List<(Attributes.Column? Column, bool[] Passes)> people = [];
    private readonly Segment[] segments;
    private readonly ulong[] picked;
    private Func<Kernel> newKernel = null!;
    private bool nobody, everybody;
    private int next, done;

    public Asking(TimelineStore store, Question question, CellPick? pick, Action<double>? progress, CancellationToken ct)
    {
        (this.store, this.question, this.pick, this.progress, this.ct) = (store, question, pick, progress, ct);
        segments = [.. store.Segments];
        picked = pick is null ? [] : new ulong[(store.People.Size + 63) / 64];
    }

    public StoreAnswer Run()
    {
        foreach (var filter in question.Filters.Where(f => f.Attribute is not null))
        {
            var column = Attribute(filter.Attribute!);
            people.Add((column, Comparisons.Table(filter, column?.Values)));
        }
        newKernel = Compile();
        var views = Array.ConvertAll(segments, s => new View(s, [.. slots]));
        var chunks = (store.People.Size + store.Sizes.Chunk - 1) / store.Sizes.Chunk;
        var workers = Math.Clamp(segments.Sum(s => (long)s.Rows) / store.Sizes.RowsPerWorker, 1, Math.Min(Environment.ProcessorCount, Math.Max(chunks, 1)));
        var kernels = new ConcurrentBag<Kernel>();
        if (workers == 1) kernels.Add(Work(views, chunks));
        else
        {
            try { Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = (int)workers }, _ => kernels.Add(Work(views, chunks))); }
            catch (AggregateException e) when (e.InnerExceptions.Any(i => i is OperationCanceledException)) { throw new OperationCanceledException(ct); }
            catch (AggregateException e) when (e.InnerExceptions.Any(i => i is TooManyCellsException)) { throw new TooManyCellsException(); }
        }
        ct.ThrowIfCancellationRequested();
        var cells = new Dictionary<CellKey, Cell>();
        var first = kernels.First();
        foreach (var other in kernels.Skip(1)) first.Add(other);
        first.Write(cells);
        return new StoreAnswer(cells, store.Version);
    }

    /// <summary>Some of those who were picked, in a stable order, and how many there are.</summary>
    public (IReadOnlyList<Guid> Ids, long Total) Picked(int skip, int most)
    {
        var ids = new List<Guid>();
        var total = 0L;
        for (var w = 0; w < picked.Length; w++)
        {
            for (var bits = picked[w]; bits != 0; bits &= bits - 1)
                if (total++ >= skip && ids.Count < most) ids.Add(store.People.Id(w * 64 + BitOperations.TrailingZeroCount(bits)));
        }
        return (ids, total);
    }

    private Kernel Work(View[] views, int chunks)
    {
        var kernel = newKernel();
        kernel.Sizes = store.Sizes;
        using var gatherer = new Gatherer(segments, views, slots.Count);
        var scattered = new bool[store.Sizes.Chunk];
        for (int chunk; (chunk = Interlocked.Increment(ref next) - 1) < chunks;)
        {
            if (ct.IsCancellationRequested) break;
            Walk(kernel, views, gatherer, scattered, chunk * store.Sizes.Chunk, Math.Min((chunk + 1) * store.Sizes.Chunk, store.People.Size));
            progress?.Invoke((double)Interlocked.Increment(ref done) / chunks);
        }
        return kernel;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(Kernel kernel, View[] views, Gatherer gatherer, bool[] scattered, int from, int to)
    {
        Array.Clear(scattered);
        for (var s = 0; s < segments.Length; s++)
        {
            if (segments[s].Layout.Dense) continue;
            var ordinals = new ReadOnlySpan<int>(segments[s].Ordinals, segments[s].People);
            var at = ordinals.BinarySearch(from);
            for (at = at < 0 ? ~at : at; at < ordinals.Length && ordinals[at] < to; at++) scattered[ordinals[at] - from] = true;
        }
        var standings = store.People.Standings;
        var skipsIdle = !everybody || kernel.IgnoresIdle;
        var main = -1;
        var (first, last) = (0, -1);
        uint* starts = null;
        var view = default(View);
        for (var ordinal = from; ordinal < to; ordinal++)
        {
            var standing = standings[ordinal];
            if ((standing & People.Standing.Merged) != 0 || ordinal == 0 && !nobody) continue;
            if (everybody && (standing & People.Standing.Known) == 0 || people.Count > 0 && !Passes(ordinal)) continue;
            if (scattered[ordinal - from] || (standing & People.Standing.Several) != 0)
            {
                var gathered = gatherer.Gather(ordinal, store.People.Profiles(ordinal));
                if (gathered.Count > 0 || everybody) Ask(kernel, gathered);
                continue;
            }
            // Most people are here: all in one main file, whose columns are looked up once.
            while (ordinal > last && main + 1 < segments.Length && segments[main + 1].Layout.Dense)
            {
                main++;
                (first, last) = (segments[main].Layout.First, segments[main].Layout.Last);
                starts = segments[main].Starts;
                view = views[main];
                if (last < from || first >= to) continue;
                // What only one in many did is found faster among all of them at once: from here on, so that rows of nobody are not looked at for nothing.
                view.Together = kernel.Prepare(view, (int)starts[Math.Max(ordinal, first) - first], (int)starts[Math.Min(to - 1, last) - first + 1]);
            }
            if (ordinal >= first && ordinal <= last)
            {
                view.Start = (int)starts[ordinal - first];
                view.Count = (int)starts[ordinal - first + 1] - view.Start;
            }
            else view.Count = 0;
            if (skipsIdle && (view.Count == 0 || view.Together && kernel.Nothing(view))) continue;
            view.Person = ordinal;
            Ask(kernel, view);
        }
    }

    private void Ask(Kernel kernel, in View view)
    {
        kernel.Person(view);
        // A word of the bitmap may hold people of several chunks, and so of several workers.
        if (pick is not null && kernel.TakePick() && view.Person > 0) Interlocked.Or(ref picked[view.Person >> 6], 1UL << (view.Person & 63));
    }

    private bool Passes(int ordinal)
    {
        foreach (var (column, passes) in people) if (!passes[column?[ordinal] ?? 0]) return false;
        return true;
    }

    // --- what the question needs ---

    private Func<Kernel> Compile()
    {
        var calendar = question.Kind switch
        {
            QuestionKind.Retention => new Calendar(question, 0, question.Periods - 1),
            QuestionKind.Lifecycle => new Calendar(question, 1),
            _ => new Calendar(question),
        };
        GroupSource[] breakdown = [.. question.Breakdown.Select(Group)];
        switch (question.Kind)
        {
            case QuestionKind.Trend:
                // Whoever nobody is has no attributes either: with none that must be there, their events count too.
                nobody = true;
                var lines = question.Series.Select(s => new TrendKernel.Line(s.Measure, NumberSlot(s.Of, out var numbers), numbers)).ToArray();
                var ofLines = Match(question.Series);
                return () => new TrendKernel(ofLines, lines, breakdown, calendar, pick);
            case QuestionKind.Funnel:
                var ofSteps = Match([.. question.Steps, .. question.Exclusions], FunnelKernel.NeedsAll(question));
                return () => new FunnelKernel(question, ofSteps, breakdown, calendar, pick);
            case QuestionKind.Retention:
                var ofBoth = Match([question.Start!, question.Return!]);
                return () => new RetentionKernel(question, ofBoth, breakdown, calendar, pick);
            case QuestionKind.Lifecycle:
                var ofActivity = Match([question.Activity!]);
                return () => new LifecycleKernel(ofActivity, calendar, pick);
            case QuestionKind.Stickiness:
                var ofUse = Match([question.Activity!]);
                return () => new StickinessKernel(ofUse, calendar, pick);
            case QuestionKind.Paths:
                var ofStops = Match(question.Start is { } start ? [question.Activity!, start] : [question.Activity!]);
                return () => new PathsKernel(question, ofStops, calendar, store.Vocabulary[Vocabulary.Types], pick);
            case QuestionKind.Segment:
                everybody = true;
                return Segment(calendar);
            default:
                throw new ArgumentOutOfRangeException(nameof(question), question.Kind, "This kind has no cells.");
        }
    }

    private Func<Kernel> Segment(Calendar calendar)
    {
        var (selectors, leaves, attributes) = (new List<Selector>(), new List<Func<SegmentKernel.Leaf>>(), new Dictionary<Rule, SegmentKernel.AttributeTest>(ReferenceEqualityComparer.Instance));
        void Walk(Rule rule)
        {
            foreach (var inner in rule.Rules) Walk(inner);
            if (rule.Kind == RuleKind.Attribute)
            {
                var column = Attribute(rule.Condition!.Attribute!);
                attributes.Add(rule, new SegmentKernel.AttributeTest(column, Comparisons.Table(rule.Condition, column?.Values)));
            }
            if (rule.Kind is RuleKind.All or RuleKind.Any or RuleKind.Not or RuleKind.Attribute) return;
            var bit = selectors.Count;
            selectors.AddRange(rule.Kind == RuleKind.Sequence ? rule.Steps : [rule.Events!]);
            var from = calendar.Start(rule.Days is { } days ? question.To.AddDays(1 - days) : question.From);
            var slot = NumberSlot(rule.Of, out var numbers);
            leaves.Add(() => new SegmentKernel.Leaf { Threshold = (Int128)(rule.Value * Numbers.Scale), Rule = rule, Bit = bit, From = from, Slot = slot, Numbers = numbers, Starts = new long[rule.Steps.Count] });
        }
        Walk(question.Where!);
        var matcher = Match(selectors);
        return () => new SegmentKernel(question.Where!, matcher, calendar, [.. leaves.Select(make => make())], attributes);
    }

    private Matcher Match(IReadOnlyList<Selector> selectors, bool all = false)
    {
        if (selectors.Count > 32) throw new ArgumentException("A question has at most 32 selectors.", nameof(selectors));
        var types = store.Vocabulary[Vocabulary.Types];
        var common = question.Filters.Where(f => f.Attribute is null).ToList();
        var compiled = selectors.Select(s => new CompiledSelector(
            [.. s.Filters.Concat(common).Where(f => f.Field != "value").Select(Filter)],
            [.. s.Filters.Concat(common).Where(f => f.Field == "value").Select(f => new ValueFilter(f.Operator, [.. f.Values.Select(v => Numbers.Read(v))]))])).ToArray();
        return new Matcher([.. selectors.Select(s => s.Event is null ? -1 : types.Find(s.Event))], compiled, types.Size) { All = all };
    }

    private CodeFilter Filter(Condition condition)
    {
        var slot = Slot(condition.Of, out var values);
        return new CodeFilter(slot, Comparisons.Table(condition, values));
    }

    private GroupSource Group(Operand of)
    {
        if (of.Attribute is { } name)
        {
            var column = Attribute(name);
            return new GroupSource(-1, column, column?.Values);
        }
        var slot = Slot(of, out var values);
        return new GroupSource(slot, null, values);
    }

    private int NumberSlot(Operand? of, out ValueDictionary? numbers)
    {
        numbers = null;
        return of is null or { Field: "value" } ? -1 : Slot(of, out numbers);
    }

    private int Slot(Operand of, out ValueDictionary? values)
    {
        var name = of.Property is { } property ? "p:" + property : "f:" + of.Field;
        var column = store.Vocabulary.Find(name);
        if (column < 0 && store.Vocabulary.Full || column >= 0 && store.Vocabulary[column].Closed) throw new NoColumnException(of.ToString());
        values = column < 0 ? null : store.Vocabulary[column];
        var slot = slots.IndexOf(name);
        if (slot >= 0) return slot;
        slots.Add(name);
        return slots.Count - 1;
    }

    private Attributes.Column? Attribute(string name)
    {
        var column = store.Attributes.Find(name);
        if (column is null && store.Attributes.Full || column is { Values.Closed: true }) throw new NoColumnException("attribute " + name);
        return column;
    }
}

/// <summary>The events of one person.</summary>
internal static class SingleTimeline
{
    public static IReadOnlyList<TimelineEvent> Read(TimelineStore store, Question question)
    {
        var ordinal = store.People.Find(question.Customer!.Value);
        if (ordinal <= 0) return [];
        var rows = new List<(long Micros, Guid Profile, int Segment, int Row)>();
        Segment[] segments = [.. store.Segments];
        foreach (var profile in store.People.Profiles(store.People.Person(ordinal)))
        {
            for (var s = 0; s < segments.Length; s++)
            {
                var count = segments[s].Find(profile, out var start);
                for (var row = start; row < start + count; row++)
                    if (segments[s].Types.Code(row) != 0) rows.Add((segments[s].Micros(row), store.People.Id(profile), s, row));
            }
        }
        var calendar = new Calendar(question with { Interval = Interval.Day });
        var names = Enumerable.Range(2, store.Vocabulary.Columns - 2).Where(c => !store.Vocabulary[c].Closed).ToList();
        return [.. rows.Where(r => r.Micros >= calendar.From * 1_000_000 && r.Micros < calendar.To * 1_000_000).OrderDescending().Take(question.Limit).Select(r =>
        {
            var segment = segments[r.Segment];
            var value = segment.Values.Number(r.Row);
            return new TimelineEvent(
                store.Vocabulary[Vocabulary.Types].Text((int)segment.Types.Code(r.Row))!, r.Micros, r.Profile, value == Numbers.None ? null : Numbers.ToDecimal(value),
                [.. names.Select(c => (Name: store.Vocabulary.Name(c)[2..], Code: (int)segment.Column(store.Vocabulary.Name(c)).Code(r.Row), Column: c))
                    .Where(p => p.Code != 0).Select(p => new KeyValuePair<string, string>(p.Name, store.Vocabulary[p.Column].Text(p.Code)!))]);
        })];
    }
}
