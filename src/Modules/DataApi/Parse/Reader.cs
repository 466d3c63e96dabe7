using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Clientele.DataApi.Parse;

/// <summary>
/// Reads words of the grammar from a text, left to right. What does not fit ends in PGRST100 with the place it stands at.
/// </summary>
/// <param name="text">What is read.</param>
/// <param name="what">How an error names it: "select parameter".</param>
internal sealed class Reader(string text, string what)
{
    public const string FieldName = "field name (* or [a..z0..9_$])";

    private int at;

    // How deep brackets may stand in one another: what recurses must end before the stack does.
    private const int Deepest = 64;
    private int depth;

    public bool AtEnd => at >= text.Length;

    public char Next => at < text.Length ? text[at] : '\0';

    public void Deeper()
    {
        if (++depth > Deepest) throw Fail($"no more than {Deepest} levels");
    }

    public void Higher() => depth--;

    public bool Take(char c)
    {
        if (Next != c || AtEnd) return false;
        at++;
        return true;
    }

    public bool Take(string word)
    {
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) return false;
        at += word.Length;
        return true;
    }

    public bool Sees(string word) => string.CompareOrdinal(text, at, word, 0, word.Length) == 0;

    public void Spaces()
    {
        while (Next == ' ') at++;
    }

    public int Mark() => at;

    public void Back(int mark) => at = mark;

    /// <summary>How an error shows the text, when it is not all of it.</summary>
    public string? Shown { get; init; }

    /// <summary>Characters before the text that count for an error's column.</summary>
    public int Before { get; init; }

    public ApiError Fail(string expecting) =>
        ApiError.Parse(what, Shown ?? text, at + 1 + Before, AtEnd ? "end of input" : $"\"{text[at]}\"", expecting);

    public void Expect(char c, string expecting)
    {
        if (!Take(c)) throw Fail(expecting);
    }

    public string Rest()
    {
        var rest = text[at..];
        at = text.Length;
        return rest;
    }

    /// <summary>A name: quoted, or letters, digits, <c>_</c>, <c>$</c>, inner spaces, and dashes that are no arrow.</summary>
    public string Name(string expecting = FieldName) => TryName(out var name) ? name : throw Fail(expecting);

    public bool TryName([NotNullWhen(true)] out string? name)
    {
        name = null;
        var mark = at;
        Spaces();
        if (Next == '"' && TryQuoted(out name))
        {
            Spaces();
            return true;
        }
        var start = at;
        while (at < text.Length && (IsWord(text[at]) || (text[at] == '-' && at > start && !Sees("->")))) at++;
        var end = at;
        while (end > start && text[end - 1] == ' ') end--;
        if (end == start)
        {
            at = mark;
            return false;
        }
        name = text[start..end];
        return true;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or ' ' or '$' || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    /// <summary>A quoted text with <c>\</c> before what would end it; not taken when it does not end.</summary>
    public bool TryQuoted([NotNullWhen(true)] out string? value)
    {
        value = null;
        var mark = at;
        at++;
        var found = new StringBuilder();
        while (at < text.Length && text[at] != '"')
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            found.Append(text[at++]);
        }
        if (AtEnd)
        {
            at = mark;
            return false;
        }
        at++;
        value = found.ToString();
        return true;
    }

    /// <summary><c>-&gt;key</c>, <c>-&gt;&gt;0</c> …</summary>
    public JsonStep[] Path()
    {
        if (!Sees("->")) return [];
        var steps = new List<JsonStep>();
        while (Take("->"))
        {
            var asText = Take('>');
            var start = at;
            if (Next == '"' && TryQuoted(out var quoted))
            {
                steps.Add(new JsonStep(asText, quoted, 0));
                continue;
            }
            while (at < text.Length && text[at] is not (':' or '.' or ',' or '>' or '(' or ')') && !Sees("->")) at++;
            if (at == start) throw Fail("\"-\", digit or any non reserved character different from: .,>()");
            var key = text[start..at];
            steps.Add(int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && key[0] != '+' ? new JsonStep(asText, null, index) : new JsonStep(asText, key, 0));
        }
        return [.. steps];
    }

    public Field Field()
    {
        var name = Name();
        return new Field(name, Path());
    }

    /// <summary>Letters and underscores.</summary>
    public string Word()
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] == '_')) at++;
        return text[start..at];
    }

    /// <summary>Up to one of these, which is not taken.</summary>
    public string Until(string stops)
    {
        var start = at;
        while (at < text.Length && !stops.Contains(text[at], StringComparison.Ordinal)) at++;
        return text[start..at];
    }
}
