using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Timelines.Tests;

/// <summary>Files, restarts and what is blanked in them. That answers are right is held by the tests of both engines, in the module Analytics.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string path = Directory.CreateTempSubdirectory("timelines-").FullName;
    private static readonly Guid organization = Guid.NewGuid();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(path, recursive: true);

    private static void Add(TimelineStore store, Guid? who, string type, long second, string? plan = null, Guid? batch = null)
    {
        if (plan is not null) store.Property("p:plan", plan);
        store.Event(who, second * 1_000_000, System.Text.Encoding.UTF8.GetBytes(type), batch, Numbers.None, 1, second);
    }

    private static Dictionary<CellKey, Cell> Count(TimelineStore store, string type = "view", bool byPlan = false) => store.Ask(new Question
    {
        Kind = QuestionKind.Trend, From = new(2026, 1, 1), To = new(2026, 1, 1), Series = [new Series { Event = type }], Breakdown = byPlan ? [new Operand { Property = "plan" }] : [],
    }).Cells;

    private static long Total(TimelineStore store) => Count(store).GetValueOrDefault(new CellKey(0, -1, 0))?.Count ?? 0;

    private const long Noon = 1_767_268_800;

    [Fact]
    public void What_was_given_and_dropped_is_never_seen()
    {
        using var store = new TimelineStore();
        Add(store, Guid.NewGuid(), "view", Noon, "pro");
        store.Drop();
        Add(store, Guid.NewGuid(), "view", Noon, "free");
        store.Commit();
        Assert.Equal("free", Assert.Single(Count(store, byPlan: true).Keys, k => k.A == -1).Group1);
    }

    // An import that knows only days: a walk through the instant for each of its events would take an hour.
    [Fact]
    public void A_sequence_within_an_instant_of_very_many_events_is_found()
    {
        using var store = new TimelineStore();
        var ann = Guid.NewGuid();
        for (var i = 0; i < 2_000_000; i++) Add(store, ann, i == 0 ? "buy" : "view", Noon);
        store.Commit();
        store.Describe([(ann, true, [])]);
        Dictionary<CellKey, Cell> Members(params string[] steps) => store.Ask(new Question
        {
            Kind = QuestionKind.Segment, From = new(2026, 1, 1), To = new(2026, 1, 1),
            Where = new Rule { Kind = RuleKind.Sequence, WindowSeconds = 1, Steps = [.. steps.Select(s => new Selector { Event = s })] },
        }).Cells;
        Assert.Equal(1, Members("view", "buy")[new CellKey(0, 0, 0)].Count);
        Assert.Equal(0, Members("view", "never")[new CellKey(0, 0, 0)].Count);
    }

    [Fact]
    public void A_scan_that_is_stopped_ends_before_it_has_seen_everybody()
    {
        using var store = new TimelineStore();
        const int chunks = 40;
        for (var i = 0; i < chunks * 1024; i++) Add(store, Guid.NewGuid(), "view", Noon);
        store.Commit();
        using var stop = new CancellationTokenSource();
        var seen = 0.0;
        var question = new Question { Kind = QuestionKind.Trend, From = new(2026, 1, 1), To = new(2026, 1, 1), Series = [new Series { Event = "view" }] };
        Assert.Throws<OperationCanceledException>(() => store.Ask(question, share =>
        {
            seen = share;
            stop.Cancel();
        }, stop.Token));
        Assert.InRange(seen, 1e-9, 0.5);
        // Whoever asks afterwards is answered.
        Assert.Equal(chunks * 1024, Total(store));
    }

    [Fact]
    public void Values_that_were_erased_or_undone_are_offered_no_more()
    {
        using var store = new TimelineStore();
        var (ann, bob, import) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        Add(store, ann, "view", Noon, "secret");
        Add(store, bob, "view", Noon, "free");
        Add(store, bob, "buy", Noon + 1, "paid", import);
        Add(store, null, "view", Noon + 2, "free");
        store.Commit();
        var plan = new Operand { Property = "plan" };
        Assert.Equal([("free", 2L), ("paid", 1L), ("secret", 1L)], store.Values(plan, null, null, 10, Ct).Select(v => (v.Value, v.Count)));
        Assert.Equal(["view 3 plan", "buy 1 plan"], store.Survey(Ct).Events.Select(e => $"{e.Type} {e.Count} {string.Join(',', e.Properties.Select(p => p.Property))}"));
        Assert.Equal((Noon, Noon + 2), (store.Survey(Ct).First, store.Survey(Ct).Last));

        store.Erase([ann]);
        store.Undo(import);
        Assert.Equal(["free"], store.Values(plan, null, null, 10, Ct).Select(v => v.Value));
        Assert.Equal([("view", 3L)], store.Survey(Ct).Events.Select(e => (e.Type, e.Count)));
        Assert.Empty(store.Values(plan, "buy", null, 10, Ct));
        Assert.Empty(store.Values(new Operand { Property = "never" }, null, null, 10, Ct));
    }

    [Fact]
    public void What_was_not_saved_is_gone_after_a_restart_and_what_was_saved_is_not()
    {
        var ann = Guid.NewGuid();
        using (var folder = TimelineFolder.Open(path))
        {
            folder.Clear("log");
            Add(folder.Of(organization), ann, "view", Noon);
            folder.Of(organization).Commit();
            folder.Place = new LogPlace(1, 5, 1);
            folder.Save();
            Add(folder.Of(organization), ann, "view", Noon + 1);
            folder.Of(organization).Commit();
            folder.Place = new LogPlace(1, 6, 1);
            Assert.Equal(2, Total(folder.Of(organization)));
        }
        using var again = TimelineFolder.Open(path);
        Assert.Equal((new LogPlace(1, 5, 1), "log", 1L), (again.Place, again.Identity, Total(again.Of(organization))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Erasures_and_undone_imports_outlive_restart_and_compaction(bool compact)
    {
        var (ann, bob, import) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        using (var folder = TimelineFolder.Open(path))
        {
            var store = folder.Of(organization);
            Add(store, ann, "view", Noon, "pro");
            Add(store, bob, "view", Noon, "pro");
            Add(store, bob, "view", Noon, "pro", import);
            folder.Save();
            store.Erase([ann]);
            store.Undo(import);
            Add(store, ann, "view", Noon + 1, "pro"); // what comes after an erasure is not touched by it
            store.Commit();
            folder.Save(compact);
        }
        using var again = TimelineFolder.Open(path);
        var cells = Count(again.Of(organization), byPlan: true);
        Assert.Equal((2, 1), ((int)cells[new CellKey(0, -1, 0, "pro")].Count, (int)cells[new CellKey(0, -1, 0)].Count));
        if (!compact) return;
        Assert.All(Directory.GetFiles(Path.Combine(path, organization.ToString()), "*.segment"), f => Assert.Contains("{\"Rows\":3", File.ReadAllText(f), StringComparison.Ordinal));
    }

    [Fact]
    public void Texts_that_only_the_erased_had_leave_the_disk_and_codes_stay_what_they_were()
    {
        var (ann, bob) = (Guid.NewGuid(), Guid.NewGuid());
        string Files() => string.Concat(Directory.GetFiles(Path.Combine(path, organization.ToString())).Select(File.ReadAllText));
        using (var folder = TimelineFolder.Open(path))
        {
            var store = folder.Of(organization);
            Add(store, ann, "view", Noon, "ann's own");
            Add(store, ann, "view", Noon, "pro");
            Add(store, bob, "view", Noon, "pro");
            Add(store, bob, "view", Noon, "free");
            folder.Save(compact: true);
            Assert.Contains("ann's own", Files(), StringComparison.Ordinal);
            store.Erase([ann]);
            folder.Save();
        }
        // A restart between does not lose what is still to be done.
        using (var folder = TimelineFolder.Open(path))
        {
            var store = folder.Of(organization);
            Assert.True(folder.HasErased);
            folder.Save(forget: true);
            Assert.False(folder.HasErased);
            Assert.DoesNotContain("ann's own", Files(), StringComparison.Ordinal);
            // Said again by somebody else, it is a new value.
            Add(store, bob, "view", Noon, "ann's own");
            store.Commit();
            folder.Save();
        }
        using var again = TimelineFolder.Open(path);
        var cells = Count(again.Of(organization), byPlan: true);
        Assert.Equal((1, 1, 1, 2), ((int)cells[new CellKey(0, -1, 0, "pro")].Count, (int)cells[new CellKey(0, -1, 0, "free")].Count, (int)cells[new CellKey(0, -1, 0, "ann's own")].Count, (int)cells[new CellKey(0, -1, 0)].Count));
        var plan = again.Of(organization).Survey(Ct).Operands.Single(o => o.Of.Property == "plan");
        Assert.Equal(ValueKind.Text, plan.Kind);
        var not = again.Of(organization).Ask(new Question { Kind = QuestionKind.Trend, From = new(2026, 1, 1), To = new(2026, 1, 1), Series = [new Series { Event = "view", Filters = [new Condition { Property = "plan", Operator = Comparison.NotContains, Values = ["o"] }] }] }, ct: Ct);
        Assert.Equal(3, not.Cells[new CellKey(0, -1, 0)].Count);
    }

    [Fact]
    public void A_damaged_or_foreign_folder_is_empty_and_a_held_one_is_refused()
    {
        using (var folder = TimelineFolder.Open(path))
        {
            Add(folder.Of(organization), Guid.NewGuid(), "view", Noon);
            folder.Clear("log");
            Add(folder.Of(organization), Guid.NewGuid(), "view", Noon);
            folder.Save();
            Assert.Throws<IOException>(() => TimelineFolder.Open(path));
        }
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(path, organization.ToString()), "*.segment"));
        File.WriteAllBytes(segment, File.ReadAllBytes(segment)[..100]);
        using var damaged = TimelineFolder.Open(path);
        Assert.Null(damaged.Identity);
        Assert.Empty(damaged.Stores);
    }

    [Fact]
    public void A_process_that_died_between_files_and_manifest_leaves_the_old_set()
    {
        using (var folder = TimelineFolder.Open(path))
        {
            Add(folder.Of(organization), Guid.NewGuid(), "view", Noon);
            folder.Save();
        }
        var manifest = File.ReadAllBytes(Path.Combine(path, "manifest.json"));
        using (var folder = TimelineFolder.Open(path))
        {
            Add(folder.Of(organization), Guid.NewGuid(), "click", Noon, "new");
            folder.Save();
        }
        File.WriteAllBytes(Path.Combine(path, "manifest.json"), manifest);
        using (var folder = TimelineFolder.Open(path))
        {
            Assert.Equal(1, folder.Of(organization).Size.Events);
            Add(folder.Of(organization), Guid.NewGuid(), "other", Noon, "other");
            folder.Save();
        }
        using var again = TimelineFolder.Open(path);
        Assert.Equal(1, Count(again.Of(organization), "other", byPlan: true)[new CellKey(0, -1, 0, "other")].Count);
        Assert.Empty(Count(again.Of(organization), "click"));
    }

    [Fact]
    public void A_merge_and_its_undo_move_no_event()
    {
        using var folder = TimelineFolder.Open(path);
        var store = folder.Of(organization);
        var (ann, anonymous, other) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        foreach (var who in new[] { ann, anonymous, other }) Add(store, who, "view", Noon);
        store.Commit();
        long Customers() => store.Ask(new Question { Kind = QuestionKind.Stickiness, From = new(2026, 1, 1), To = new(2026, 1, 1), Activity = new Selector() }).Cells.Values.Sum(c => c.Count);
        store.Map([(anonymous, ann)]);
        Assert.Equal(2, Customers());
        store.Map([(ann, other), (anonymous, other)]);
        Assert.Equal(1, Customers());
        store.Map([(ann, ann), (anonymous, ann)]);
        Assert.Equal(2, Customers());
        store.Map([(anonymous, anonymous)]);
        Assert.Equal(3, Customers());
    }

    [Fact]
    public void A_property_of_too_many_values_is_said_to_be_no_column()
    {
        using var folder = TimelineFolder.Open(path);
        var store = folder.Of(organization);
        var who = Guid.NewGuid();
        for (var i = 0; i <= ValueDictionary.Most; i++) Add(store, who, "view", Noon, $"v{i}");
        store.Commit();
        Assert.Throws<NoColumnException>(() => Count(store, byPlan: true));
        Assert.Equal(ValueDictionary.Most + 1, Total(store));
        // How many there were is still said; their texts are gone but for some.
        var plan = Assert.Single(store.Survey(Ct).Operands);
        Assert.Equal((ValueDictionary.Most, false, ValueKind.Text), (plan.Values, plan.Column, plan.Kind));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Vocabulary[2].Text(ValueDictionary.Most));
        Assert.InRange(store.Vocabulary[2].Memory, 1, 100_000);
        folder.Save(compact: true);
        Assert.Throws<NoColumnException>(() => Count(store, byPlan: true));
    }

    [Fact]
    public void A_column_reads_as_it_was_written_whatever_its_encoding()
    {
        var codes = Gen.Choose(0, 3).SelectMany(kind => Gen.Frequency((kind == 0 ? 50 : 1, Gen.Constant(0)), (3, Gen.Choose(0, 200)), (kind, Gen.Choose(0, 70_000)))).ArrayOf(1500);
        Prop.ForAll(codes.ToArbitrary(), written =>
        {
            var writer = new SegmentWriter();
            writer.Ordinals([1], [0, (uint)written.Length], dense: false);
            writer.Types([.. written.Select(_ => 1u)]);
            writer.Seconds(new uint[written.Length]);
            writer.Codes("p:x", [.. written.Select(c => (uint)c)]);
            using var segment = writer.Finish(written.Length, 1, 1, dense: false, 1);
            var column = segment.Column("p:x");
            return written.Select((c, i) => column.Code(i) == c).All(same => same);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Long_values_are_cut_by_characters_and_not_through_one()
    {
        Assert.Equal(200, Vocabulary.Cut(new string('x', 300)).Length);
        Assert.Equal(400, Vocabulary.Cut(string.Concat(Enumerable.Repeat("\ud83d\ude00", 250))).Length);
    }
}
