using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>
/// What is JSON and yet not <c>jsonb</c>: a null character, half of a surrogate pair, a number beyond numeric's range.
/// Each is written as text that shows what it was ("\u0000" becomes the six characters), so that nothing is lost.
/// </summary>
internal static class JsonText
{
    /// <summary>More digits, or a larger exponent, than any measurement has; PostgreSQL would keep thousands of digits.</summary>
    private const int LongestNumber = 1000;
    private const int LargestExponent = 1000;

    /// <summary>Is this number token one that must become text?</summary>
    public static bool IsBeyond(ReadOnlySpan<byte> number)
    {
        if (number.Length > LongestNumber) return true;
        var e = number.IndexOfAny((byte)'e', (byte)'E');
        return e >= 0 && (!int.TryParse(number[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) || Math.Abs((long)exponent) > LargestExponent);
    }

    /// <summary>Does this text hold an escape that <c>jsonb</c> refuses?</summary>
    public static bool NeedsEscaping(ReadOnlySpan<byte> text) => text.IndexOf("\\u"u8) >= 0 && Escape(text, null);

    /// <summary>Copies JSON text, with one more backslash before each escape that <c>jsonb</c> refuses.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool Escape(ReadOnlySpan<byte> text, IBufferWriter<byte>? to)
    {
        var found = false;
        var copied = 0;
        for (var i = 0; i < text.Length;)
        {
            var next = text[i..].IndexOf((byte)'\\');
            if (next < 0) break;
            i += next;
            if (i + 1 >= text.Length || text[i + 1] != (byte)'u') { i += 2; continue; }
            var unit = Hex(text, i + 2);
            if (char.IsHighSurrogate((char)unit) && i + 7 < text.Length && text[i + 6] == (byte)'\\' && text[i + 7] == (byte)'u' && char.IsLowSurrogate((char)Hex(text, i + 8)))
            {
                i += 12;
                continue;
            }
            if (unit == 0 || char.IsSurrogate((char)unit))
            {
                found = true;
                if (to is null) return true;
                to.Write(text[copied..i]);
                to.Write("\\"u8);
                copied = i;
            }
            i += 6;
        }
        to?.Write(text[copied..]);
        return found;
    }

    private static int Hex(ReadOnlySpan<byte> text, int at) =>
        at + 4 <= text.Length && int.TryParse(text.Slice(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? unit : 1;

    /// <summary>A string token as text. What cannot be a character is written as its escape.</summary>
    public static string Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return Encoding.UTF8.GetString(reader.ValueSpan);
        if (!NeedsEscaping(reader.ValueSpan)) return reader.GetString()!;
        var safe = new ArrayBufferWriter<byte>(reader.ValueSpan.Length + 16);
        safe.Write("\""u8);
        Escape(reader.ValueSpan, safe);
        safe.Write("\""u8);
        return JsonSerializer.Deserialize<string>(safe.WrittenSpan)!;
    }

    /// <summary>Any text as a JSON string.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text.Replace('\0', '\uFFFD'));

    /// <summary>A JSON text that PostgreSQL takes, of one that may hold what it does not; null when it is no JSON.</summary>
    public static string? Safe(string json)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 100 });
            var to = new ArrayBufferWriter<byte>(bytes.Length + 64);
            var copied = 0;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.Number || !IsBeyond(reader.ValueSpan)) continue;
                var start = (int)reader.TokenStartIndex;
                Escape(bytes.AsSpan(copied, start - copied), to);
                to.Write("\""u8);
                to.Write(reader.ValueSpan);
                to.Write("\""u8);
                copied = start + reader.ValueSpan.Length;
            }
            Escape(bytes.AsSpan(copied), to);
            return Encoding.UTF8.GetString(to.WrittenSpan);
        }
        catch (JsonException) { return null; }
    }
}
