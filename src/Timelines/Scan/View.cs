using System.Runtime.CompilerServices;
using Clientele.Timelines.Store;

namespace Clientele.Timelines.Scan;

/// <summary>One person's events in time order: rows <see cref="Start"/> to <see cref="Start"/> + <see cref="Count"/> of some columns, a segment's own or gathered ones.</summary>
internal unsafe struct View
{
    public byte* Types;
    public int TypeWidth;
    public uint* Seconds;
    public ColumnReader Fractions;
    public int SubUnit;
    public ColumnReader Values;

    /// <summary>The coarse times; null where there are none.</summary>
    public byte* Coarse;
    public Clock? Clock;

    /// <summary>The columns the question needs, by slot.</summary>
    public ColumnReader[] Slots;
    public int Start;
    public int Count;
    public int Person;

    /// <summary>Its rows were looked through together with those of others.</summary>
    public bool Together;

    public View(Segment segment, string[] slots)
    {
        Types = segment.Types.Values;
        Seconds = segment.Seconds;
        (TypeWidth, Fractions, SubUnit, Values) = (segment.Types.Width, segment.Fractions, segment.Layout.SubUnit, segment.Values);
        Coarse = segment.Column(SegmentLayout.Coarse).Values;
        Clock = segment.Layout.Clock;
        Slots = Array.ConvertAll(slots, segment.Column);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Type(int row) => TypeWidth switch { 1 => Types[row], 2 => ((ushort*)Types)[row], _ => ((uint*)Types)[row] };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Micros(int row) => Seconds[row] * 1_000_000L + Fractions.Code(row) * (long)SubUnit;
}

/// <summary>An event that meets selectors: bit k of the mask stands for selector k.</summary>
internal struct Match
{
    public int Row;
    public uint Mask;
}
