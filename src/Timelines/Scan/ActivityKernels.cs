using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>What a customer is in a period.</summary>
public enum LifecycleStatus { New, Returning, Resurrected, Dormant }

/// <summary>
/// New: active for the first time ever; returning: active in the period before too; resurrected: active earlier, not in the period before;
/// dormant: active in the period before and not in this one.
/// </summary>
/// <param name="calendar">With one period before the first.</param>
internal sealed class LifecycleKernel(Matcher matcher, Calendar calendar, CellPick? pick) : Kernel(matcher, 0, calendar.To)
{
    private readonly long[] counts = new long[calendar.Count * 4];

    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        var (before, earlier) = (-2, false);
        for (var m = 0; m < matches.Length; m++)
        {
            var second = view.Seconds[matches[m].Row];
            if (second < calendar.Starts[0])
            {
                earlier = true;
                continue;
            }
            var period = calendar.Find(second);
            if (period == before) continue;
            if (before >= 0 && period != before + 1) Count(before + 1, LifecycleStatus.Dormant);
            Count(period, before == period - 1 ? LifecycleStatus.Returning : before >= 0 || earlier ? LifecycleStatus.Resurrected : LifecycleStatus.New);
            before = period;
        }
        if (before >= 0 && before + 1 < calendar.Count) Count(before + 1, LifecycleStatus.Dormant);
    }

    private void Count(int period, LifecycleStatus status)
    {
        counts[period * 4 + (int)status]++;
        Picked |= pick is not null && pick.Key.A == period - 1 && pick.Key.B == (int)status;
    }

    public override void Add(Kernel other)
    {
        for (var i = 0; i < counts.Length; i++) counts[i] += ((LifecycleKernel)other).counts[i];
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        // Period 0 was looked at only to know who comes back.
        for (var i = 4; i < counts.Length; i++) if (counts[i] > 0) cells[new CellKey(0, i / 4 - 1, i % 4)] = new Cell(counts[i]);
    }
}

/// <summary>In how many periods each customer was active.</summary>
internal sealed class StickinessKernel(Matcher matcher, Calendar calendar, CellPick? pick) : Kernel(matcher, calendar.From, calendar.To)
{
    private readonly long[] counts = new long[calendar.Count + 1];

    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        var (active, last) = (0, -1);
        for (var m = 0; m < matches.Length; m++)
        {
            var period = calendar.Find(view.Seconds[matches[m].Row]);
            if (period == last) continue;
            active++;
            last = period;
        }
        if (active == 0) return;
        counts[active]++;
        Picked = pick is not null && pick.Key.A == active;
    }

    public override void Add(Kernel other)
    {
        for (var i = 0; i < counts.Length; i++) counts[i] += ((StickinessKernel)other).counts[i];
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        for (var i = 1; i < counts.Length; i++) if (counts[i] > 0) cells[new CellKey(0, i, 0)] = new Cell(counts[i]);
    }
}

/// <summary>
/// What follows the first event that begins a path. Events of one type in a row are one stop; a pause that is too long ends the path.
/// Selector 0 is what counts as activity, selector 1 where paths begin.
/// </summary>
internal sealed class PathsKernel(Question question, Matcher matcher, Calendar calendar, Store.ValueDictionary types, CellPick? pick)
    : Kernel(matcher, calendar.From, calendar.To)
{
    private readonly Dictionary<(int Position, uint From, uint To), long> links = [];
    private readonly uint[] stops = new uint[question.Depth + 1];

    public override void Person(in View view)
    {
        var matches = Find(view);
        var (count, last) = (0, 0L);
        for (var m = 0; m < matches.Length; m++)
        {
            if ((matches[m].Mask & 1) == 0 || count == 0 && question.Start is not null && (matches[m].Mask & 2) == 0) continue;
            var now = view.Micros(matches[m].Row);
            if (count > 0 && now - last > question.GapSeconds * 1_000_000L) break;
            last = now;
            var type = view.Type(matches[m].Row);
            if (count > 0 && stops[count - 1] == type) continue;
            if (count == stops.Length) break;
            stops[count++] = type;
        }
        for (var i = 0; i < count && i < question.Depth; i++)
        {
            var link = (i, stops[i], i + 1 < count ? stops[i + 1] : 0);
            links[link] = links.GetValueOrDefault(link) + 1;
            Picked |= pick is not null && pick.Key is { B: 0 } && pick.Key.A == i && types.Text((int)link.Item2) == pick.Key.Group1 && types.Text((int)link.Item3) == pick.Key.Group2;
        }
        // Who was at a stop, wherever they went on to.
        Picked |= pick is { Key.B: 1 } && pick.Key.A < count && types.Text((int)stops[pick.Key.A]) == pick.Key.Group1;
    }

    public override void Add(Kernel other)
    {
        foreach (var (link, count) in ((PathsKernel)other).links) links[link] = links.GetValueOrDefault(link) + count;
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        foreach (var ((position, from, to), count) in links) cells[new CellKey(0, position, 0, types.Text((int)from), types.Text((int)to))] = new Cell(count);
    }
}
