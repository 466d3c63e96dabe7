using System.Numerics;

namespace Clientele.Demo.Generator;

/// <summary>
/// Chance that repeats itself: xoshiro256**, seeded by the shop's seed and a visitor's number, so that each visitor's
/// life can be told without telling the others'. System.Random promises no sequence over releases.
/// </summary>
internal sealed class Dice
{
    private ulong a, b, c, d;

    public Dice(long seed, long stream)
    {
        var state = (ulong)seed * 0x9E3779B97F4A7C15 ^ (ulong)stream * 0xD1B54A32D192ED03;
        (a, b, c, d) = (Mix(ref state), Mix(ref state), Mix(ref state), Mix(ref state));
    }

    private static ulong Mix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    public ulong Bits()
    {
        var result = BitOperations.RotateLeft(b * 5, 7) * 9;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <summary>From 0 up to, not including, 1.</summary>
    public double Share() => (Bits() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => Share() < probability;

    /// <summary>From 0 to <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)(Share() * count);

    /// <summary>Exponential: the wait for something that comes at random once in <paramref name="mean"/>.</summary>
    public double Wait(double mean) => -mean * Math.Log(1 - Share());

    /// <summary>Lognormal: most near <paramref name="median"/>, a few far above it.</summary>
    public double Skewed(double median, double spread)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - Share())) * Math.Cos(2 * Math.PI * Share());
        return median * Math.Exp(spread * normal);
    }

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    public T Pick<T>(Weighted<T> from) => from.At(Share());
}

/// <summary>Things of unequal weight.</summary>
internal sealed class Weighted<T>
{
    private readonly T[] items;
    private readonly double[] upTo;

    public Weighted(IEnumerable<T> items, Func<T, double> weight)
    {
        this.items = [.. items];
        upTo = new double[this.items.Length];
        var sum = 0.0;
        for (var i = 0; i < upTo.Length; i++) upTo[i] = sum += weight(this.items[i]);
    }

    /// <param name="share">From 0 up to, not including, 1.</param>
    public T At(double share)
    {
        var found = Array.BinarySearch(upTo, share * upTo[^1]);
        return items[Math.Min(found < 0 ? ~found : found + 1, items.Length - 1)];
    }
}
