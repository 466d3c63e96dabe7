namespace Clientele.Timelines.Store;

/// <summary>
/// Instants in a byte, coarsely: 0 is whatever lies before <paramref name="From"/>, then each step is one more, and 255 whatever lies
/// behind the last. So the rows of a time are found 64 at once, and their seconds are looked at only where a step is cut in two.
/// </summary>
/// <param name="From">Second at which step 1 begins.</param>
/// <param name="Step">Seconds in a step, at least 1.</param>
internal sealed record Clock(uint From, uint Step)
{
    private const int Steps = 254, Sampled = 4096;

    /// <summary>Made for the middle 98 % of the rows: a few with a wrong year do not make it coarse for all.</summary>
    public static Clock Of(ReadOnlySpan<uint> seconds)
    {
        if (seconds.IsEmpty) return new(0, 1);
        var sample = new uint[Math.Min(Sampled, seconds.Length)];
        for (var i = 0; i < sample.Length; i++) sample[i] = seconds[(int)((long)i * seconds.Length / sample.Length)];
        Array.Sort(sample);
        var (from, to) = (sample[sample.Length / 100], sample[^(1 + sample.Length / 100)]);
        return new(from, (to - from) / Steps + 1);
    }

    public byte At(uint second) => second < From ? (byte)0 : (byte)Math.Min(Steps + 1, 1 + (second - From) / Step);
}
