using System.Globalization;

namespace Clientele.DataApi.Parse;

internal enum Return { Unsaid, Minimal, HeadersOnly, Representation }

internal enum Counting { None, Exact, Planned, Estimated }

internal enum Resolution { None, MergeDuplicates, IgnoreDuplicates }

/// <summary>The <c>Prefer</c> header. What is not known is kept, for <c>handling=strict</c> to refuse.</summary>
internal sealed class Preferences
{
    public Return Return { get; private set; }
    public Counting Count { get; private set; }
    public Resolution Resolution { get; private set; }
    public bool? MissingDefault { get; private set; }
    public bool? Rollback { get; private set; }
    public bool? Strict { get; private set; }
    public string? TimeZone { get; private set; }
    public long? MaxAffected { get; private set; }

    /// <summary>Not a page of the rows but all, where the front door lets people have them.</summary>
    public bool AllRows { get; private set; }
    private List<string> Unknown { get; } = [];

    public static Preferences None { get; } = new();

    public static Preferences Parse(IEnumerable<string?> headers)
    {
        Preferences? found = null;
        foreach (var header in headers)
        {
            if (header is null) continue;
            found ??= new Preferences();
            foreach (var word in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) found.Take(word);
        }
        return found ?? None;
    }

    // The first of its kind counts.
    private void Take(string word)
    {
        switch (word)
        {
            case "return=minimal": Return = Return == Return.Unsaid ? Return.Minimal : Return; break;
            case "return=headers-only": Return = Return == Return.Unsaid ? Return.HeadersOnly : Return; break;
            case "return=representation": Return = Return == Return.Unsaid ? Return.Representation : Return; break;
            case "count=exact": Count = Count == Counting.None ? Counting.Exact : Count; break;
            case "count=planned": Count = Count == Counting.None ? Counting.Planned : Count; break;
            case "count=estimated": Count = Count == Counting.None ? Counting.Estimated : Count; break;
            case "resolution=merge-duplicates": Resolution = Resolution == Resolution.None ? Resolution.MergeDuplicates : Resolution; break;
            case "resolution=ignore-duplicates": Resolution = Resolution == Resolution.None ? Resolution.IgnoreDuplicates : Resolution; break;
            case "missing=default": MissingDefault ??= true; break;
            case "missing=null": MissingDefault ??= false; break;
            case "tx=commit": Rollback ??= false; break;
            case "tx=rollback": Rollback ??= true; break;
            case "handling=strict": Strict ??= true; break;
            case "handling=lenient": Strict ??= false; break;
            case "rows=all": AllRows = true; break;
            default:
                if (word.StartsWith("timezone=", StringComparison.Ordinal)) TimeZone ??= word["timezone=".Length..];
                else if (word.StartsWith("max-affected=", StringComparison.Ordinal)
                    && long.TryParse(word.AsSpan("max-affected=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var most)) MaxAffected ??= most;
                else Unknown.Add(word);
                break;
        }
    }

    /// <exception cref="ApiError">Something is not known, and handling is strict.</exception>
    public void Check(bool offersAllRows)
    {
        if (AllRows && !offersAllRows) Unknown.Add("rows=all");
        if (Strict == true && Unknown.Count > 0)
            throw new ApiError(400, "PGRST122", "Invalid preferences given with handling=strict") { Details = "Invalid preferences: " + string.Join(", ", Unknown) };
    }

    /// <summary>What <c>Preference-Applied</c> says; null when nothing was applied.</summary>
    /// <param name="writes">The request inserts, changes or deletes rows of a table.</param>
    /// <param name="inserts">It inserts.</param>
    /// <param name="mayRollBack">The server lets a request choose how its transaction ends.</param>
    /// <param name="calls">It calls a function.</param>
    public string? Applied(bool writes, bool inserts, bool upserts, bool mayRollBack, bool calls)
    {
        if (ReferenceEquals(this, None)) return null;
        var applied = new List<string>();
        if (inserts && upserts && Resolution != Resolution.None) applied.Add(Resolution == Resolution.MergeDuplicates ? "resolution=merge-duplicates" : "resolution=ignore-duplicates");
        if (writes && MissingDefault is { } missing) applied.Add(missing ? "missing=default" : "missing=null");
        if (writes && Return != Return.Unsaid) applied.Add(Return switch { Return.Minimal => "return=minimal", Return.HeadersOnly => "return=headers-only", _ => "return=representation" });
        if (Count != Counting.None) applied.Add(Count switch { Counting.Exact => "count=exact", Counting.Planned => "count=planned", _ => "count=estimated" });
        if (mayRollBack && Rollback is { } back) applied.Add(back ? "tx=rollback" : "tx=commit");
        if (Strict is { } strict) applied.Add(strict ? "handling=strict" : "handling=lenient");
        if (AllRows && !writes && !Unknown.Contains("rows=all")) applied.Add("rows=all");
        if (TimeZone is not null) applied.Add("timezone=" + TimeZone);
        if ((writes || calls) && MaxAffected is { } most && Strict == true) applied.Add("max-affected=" + most.ToString(CultureInfo.InvariantCulture));
        return applied.Count > 0 ? string.Join(", ", applied) : null;
    }
}
