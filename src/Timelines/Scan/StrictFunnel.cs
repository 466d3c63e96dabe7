using System.Numerics;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>
/// The modes that ClickHouse's windowFunnel has, with its meanings: strict_order (nothing else may come in between), strict_deduplication (a
/// repeated step ends the chain), strict_increase (each step later than the one before), strict_once (an event is one step only), allow_reentry
/// (with strict order, beginning again does not end the chain).
/// </summary>
internal sealed class StrictFunnel
{
    private readonly int steps;
    private readonly long window;
    private readonly bool order, deduplication, increase, once, reentry;
    private readonly List<(long Micros, int Step, int Event)> entries = [];
    private readonly List<Chain>[] levels;

    private sealed record Chain(long First, long Last, int Event, Chain? Before)
    {
        public bool Holds(int e)
        {
            for (var chain = this; chain is not null; chain = chain.Before) if (chain.Event == e) return true;
            return false;
        }
    }

    public StrictFunnel(Question question)
    {
        (steps, window) = (question.Steps.Count, question.WindowSeconds * 1_000_000L);
        order = question.Order == StepOrder.Strict || question.Modes.Contains(FunnelMode.StrictOrder);
        deduplication = question.Modes.Contains(FunnelMode.StrictDeduplication);
        increase = question.Modes.Contains(FunnelMode.StrictIncrease);
        once = question.Modes.Contains(FunnelMode.StrictOnce);
        reentry = question.Modes.Contains(FunnelMode.AllowReentry);
        levels = [.. Enumerable.Range(0, steps).Select(_ => new List<Chain>())];
    }

    /// <summary>How many steps were reached.</summary>
    public int Depth(in View view, ReadOnlySpan<Match> matches)
    {
        entries.Clear();
        for (var m = 0; m < matches.Length; m++)
        {
            var micros = view.Micros(matches[m].Row);
            var mask = matches[m].Mask & ((1u << steps) - 1);
            if (mask == 0 && order) entries.Add((micros, -1, m));
            for (; mask != 0; mask &= mask - 1) entries.Add((micros, BitOperations.TrailingZeroCount(mask), m));
        }
        entries.Sort();
        foreach (var level in levels) level.Clear();
        for (var i = 0; i < entries.Count; i++)
        {
            var (now, step, e) = entries[i];
            var begun = levels[0].Count > 0;
            if (step == -1)
            {
                if (begun) break;
            }
            else if (step == 0)
            {
                if (order && !reentry && steps > 1 && levels[1].Count > 0) break;
                // Without "once" a later begin replaces the earlier: it has longer left.
                if (!once) levels[0].Clear();
                levels[0].Add(new Chain(now, now, e, null));
            }
            else if (deduplication && levels[step].Count > 0) return entries[i - 1].Step + 1;
            else if (order && begun && levels[step - 1].Count == 0) return Array.FindIndex(levels, l => l.Count == 0);
            else if (Extend(step, now, e)) return steps;
        }
        return Array.FindLastIndex(levels, l => l.Count > 0) + 1;
    }

    /// <returns>Is the last step reached?</returns>
    private bool Extend(int step, long now, int e)
    {
        // Chains whose window has passed can go nowhere; one stays, as a sign that the step was reached.
        if (levels[step - 1].Count > 1) levels[step - 1].RemoveAll(c => now - c.First > window && !ReferenceEquals(c, levels[step - 1][^1]));
        foreach (var chain in levels[step - 1])
        {
            if (now - chain.First > window || increase && chain.Last >= now || once && chain.Holds(e)) continue;
            if (!once) levels[step].Clear();
            levels[step].Add(new Chain(chain.First, now, e, chain));
            if (step + 1 == steps) return true;
        }
        return false;
    }
}
