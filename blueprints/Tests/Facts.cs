using Clientele.Testing;

namespace Clientele.Blueprints.Tests;

/// <summary>
/// A line of a blueprint's <c>facts.tsv</c>: what its document says of a table's column. Where <see cref="Type"/> is "key" or
/// "rule", the line is about several columns; where it is "event" or "name", the document gives no more than the table's name.
/// </summary>
internal sealed record Fact(
    string Table, string Module, string Column, string Type, string Null, string Default, string Key, string Values, string References, string Check)
{
    public bool IsNameOnly => Type is "event" or "name";

    public bool IsColumn => !IsNameOnly && Type is not ("key" or "rule");

    public string[] Columns => Column.Split(", ");

    public static List<Fact> Of(string blueprint) =>
        [.. Lines(blueprint, "facts.tsv").Select(f => new Fact(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]))];

    internal static IEnumerable<string[]> Lines(string blueprint, string file) =>
        File.ReadLines(Path.Combine(SharedData.Root, "blueprints", blueprint, file)).Skip(1).Where(l => l.Length > 0).Select(l => l.Split('\t'));
}

/// <summary>A line of <c>deviations.tsv</c>: where the views differ from the document, and why. A column "*" stands for all of the table.</summary>
internal sealed record Deviation(string Table, string Column, string Aspect, string Reason)
{
    public static List<Deviation> Of(string blueprint) =>
        [.. Fact.Lines(blueprint, "deviations.tsv").Select(f => new Deviation(f[0], f[1], f[2], f[3]))];

    public bool Covers(Difference difference) =>
        Table == difference.Table && Aspect == difference.Aspect && (Column == "*" || Column == difference.Column);
}

/// <summary>What was found to differ.</summary>
internal sealed record Difference(string Table, string Column, string Aspect, string Found)
{
    public override string ToString() => $"{Table}.{Column}, {Aspect}: {Found}";
}
