using Clientele.Timelines.Questions;

namespace Clientele.Analytics.Queries;

/// <summary>Answers by their question, each good for one version of one store. Bounded in bytes, by an estimate; the oldest go first.</summary>
internal sealed class AnswerCache
{
    private const int LargestAnswer = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<(Guid Organization, string Text), LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byAge = [];

    // The id of a store and not the store: one that was thrown away must not live on in here.
    private sealed record Entry((Guid Organization, string Text) Key, Guid Store, long Version, ResultView Result, long Bytes);

    /// <summary>All answers together, in bytes.</summary>
    public long Most { get; init; } = 64 << 20;

    /// <summary>What is kept now, in bytes.</summary>
    public long Bytes { get; private set; }

    public ResultView? Find((Guid, string) key, Guid store, long version)
    {
        lock (gate) return entries.TryGetValue(key, out var found) && found.Value.Store == store && found.Value.Version == version ? found.Value.Result : null;
    }

    /// <summary>Keeps an answer instead of the one there was; one that is very large is not kept.</summary>
    public void Keep((Guid Organization, string Text) key, Guid store, long version, ResultView result)
    {
        var entry = new Entry(key, store, version, result, Estimate(result) + key.Text.Length * 2L + 200);
        lock (gate)
        {
            if (entries.TryGetValue(key, out var old)) Remove(old);
            if (entry.Bytes > LargestAnswer) return;
            entries.Add(key, byAge.AddLast(entry));
            Bytes += entry.Bytes;
            while (Bytes > Most) Remove(byAge.First!);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        byAge.Remove(node);
        entries.Remove(node.Value.Key);
        Bytes -= node.Value.Bytes;
    }

    /// <summary>About what an answer takes up: its numbers and its texts.</summary>
    internal static long Estimate(ResultView r)
    {
        static long Texts(IEnumerable<string?>? texts) => texts?.Sum(t => t is null ? 8L : 32L + t.Length * 2L) ?? 0;
        return 200 + Texts(r.Periods)
            + (r.Lines?.Sum(l => 150 + Texts(l.Group) + l.Points.Count * 24L) ?? 0)
            + (r.Funnels?.Sum(f => 100 + Texts(f.Group) + f.Steps.Count * 150L) ?? 0)
            + (r.Cohorts?.Sum(c => 150 + Texts(c.Group) + c.Values.Count * 16L) ?? 0)
            + (r.Lifecycle?.New.Count ?? 0) * 32L + (r.ActivePeriods?.Count ?? 0) * 8L
            + (r.Links?.Sum(l => 60 + Texts([l.From, l.To])) ?? 0);
    }
}
