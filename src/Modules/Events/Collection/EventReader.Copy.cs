using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>Copies the parts of a message into the row's JSON, escaping what <c>jsonb</c> refuses.</summary>
internal ref partial struct EventReader
{
    private readonly string WithoutAddress(string tells, bool postHog)
    {
        if (!postHog || ip is null || arrival.Source.Settings.Ip == IpPolicy.Keep) return tells;
        var shown = arrival.Source.Settings.Address(IPAddress.TryParse(ip, out var given) ? given : null);
        return "{" + Join(tells.Trim()[1..^1], $"\"$ip\":{(shown is null ? "null" : JsonText.Quote(shown.ToString()))}") + "}";
    }

    private readonly string Context(string? eventName, string? other, bool hasIp)
    {
        var to = new ArrayBufferWriter<byte>(item.Length + envelope.Context.Length + 64);
        to.Write("{"u8);
        var any = false;
        foreach (var (start, length) in kept)
        {
            // The name is a column, unless it was too long for it.
            if (eventName is { Length: <= 200 } && item[start..].StartsWith("\"event\""u8)) continue;
            if (any) to.Write(","u8);
            Copy(start, length, to);
            any = true;
        }
        Object(to, "\"context\":{"u8, envelope.Context, context, hasIp, ref any);
        Object(to, "\"integrations\":{"u8, envelope.Integrations, integrations, false, ref any);
        if (other is not null)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes(other));
            any = true;
        }
        if (envelope.SentAt is not null && sent is null)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"sentAt\":{JsonText.Quote(envelope.SentAt)}"));
            any = true;
        }
        if (escapes || numbers is not null || envelope.Repaired)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"$escaped\":{JsonSerializer.Serialize(Escaped())}"));
        }
        to.Write("}"u8);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    private readonly List<string> Escaped()
    {
        var what = new List<string>();
        if (escapes) what.Add("characters");
        if (numbers is not null) what.Add("numbers");
        if (envelope.Repaired) what.Add("utf-8");
        return what;
    }

    // The batch's members first, the item's own after them: of two with one name PostgreSQL keeps the last.
    private readonly void Object(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> opening, byte[] shared, (int Start, int Length) own, bool hasIp, ref bool any)
    {
        if (shared.Length == 0 && own.Length == 0) return;
        if (own.Length > 0 && item[own.Start] != (byte)'{')
        {
            // context: "text" is no context, and yet was sent.
            if (any) to.Write(","u8);
            to.Write(opening[..^1]);
            Copy(own.Start, own.Length, to);
            any = true;
            return;
        }
        if (any) to.Write(","u8);
        any = true;
        to.Write(opening);
        to.Write(shared);
        var inner = own.Length > 0 && !item.Slice(own.Start + 1, own.Length - 2).Trim(" \t\r\n"u8).IsEmpty;
        if (inner)
        {
            if (shared.Length > 0) to.Write(","u8);
            Copy(own.Start + 1, own.Length - 2, to);
        }
        if (hasIp && arrival.Source.Settings.Ip != IpPolicy.Keep)
        {
            var shown = arrival.Source.Settings.Address(IPAddress.TryParse(ip, out var given) ? given : null);
            if (inner || shared.Length > 0) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"ip\":{(shown is null ? "null" : JsonText.Quote(shown.ToString()))}"));
        }
        to.Write("}"u8);
    }

    private readonly string? Text((int Start, int Length) part)
    {
        if (part.Length == 0) return null;
        if (!escapes && numbers is null) return Encoding.UTF8.GetString(item.Slice(part.Start, part.Length));
        var to = new ArrayBufferWriter<byte>(part.Length + 64);
        Copy(part.Start, part.Length, to);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    private readonly string InnerText((int Start, int Length) part) => part.Length == 0 ? string.Empty : Text(part)!.Trim()[1..^1].Trim();

    private static string Join(string first, string second) => first.Trim().Length == 0 ? second : second.Length == 0 ? first : first + "," + second;

    private readonly void Copy(int start, int length, ArrayBufferWriter<byte> to)
    {
        var end = start + length;
        if (numbers is not null)
        {
            foreach (var number in numbers)
            {
                if (number < start || number >= end) continue;
                Piece(start, number - start, to);
                var digits = item[number..];
                var size = digits.IndexOfAnyExcept(ofNumbers);
                if (size < 0) size = digits.Length;
                to.Write("\""u8);
                to.Write(digits[..size]);
                to.Write("\""u8);
                start = number + size;
            }
        }
        Piece(start, end - start, to);
    }

    private readonly void Piece(int start, int length, ArrayBufferWriter<byte> to)
    {
        if (escapes) JsonText.Escape(item.Slice(start, length), to);
        else to.Write(item.Slice(start, length));
    }
}
