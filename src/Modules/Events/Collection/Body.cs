using System.IO.Compression;
using System.Text;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Events.Collection;

/// <summary>
/// Reads a request's body, whatever it calls itself: libraries send gzipped JSON as a form, JSON as plain text, and a
/// form with base64 in it. The bytes are looked at; the content type is not.
/// </summary>
internal static class Body
{
    /// <param name="hold">Told before memory is taken how many bytes there are then: those that came, and those they are unpacked to. It may refuse.</param>
    /// <exception cref="Problem">It is larger than so many bytes, or its compression is damaged.</exception>
    public static async Task<byte[]> Read(HttpRequest request, int most, Action<long> hold, CancellationToken ct)
    {
        if (request.ContentLength > most) throw TooLarge(most);
        // Room for it was made before; one that does not say how long it is has room for the longest.
        var bytes = await All(request.Body, request.ContentLength ?? 0, most, _ => { }, ct);
        var encodings = request.Headers.ContentEncoding.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        // Each is megabytes to unpack, and a header has room for thousands.
        if (encodings.Length > 2) throw new Problem(400, "encoding_unknown", "The body is compressed more than twice. Compress it once.");
        foreach (var encoding in encodings.Reverse())
            bytes = await Decode(encoding.ToLowerInvariant(), bytes, most, hold, ct);
        // Some say nothing of their gzip in a header, or only in the address.
        if (bytes is [0x1F, 0x8B, ..]) bytes = await Decode("gzip", bytes, most, hold, ct);
        return bytes.AsSpan().StartsWith("data="u8) ? await Form(bytes, most, hold, ct) : bytes;
    }

    private static async Task<byte[]> Decode(string encoding, byte[] bytes, int most, Action<long> hold, CancellationToken ct)
    {
        if (bytes.Length == 0 || encoding == "identity") return bytes;
        var raw = new MemoryStream(bytes);
        await using Stream? text = encoding switch
        {
            "gzip" or "x-gzip" => bytes is [0x1F, 0x8B, ..] ? new GZipStream(raw, CompressionMode.Decompress) : raw,
            // Named after the format, and sent with and without its header.
            "deflate" => (bytes[0] & 0x0F) == 8 && bytes.Length > 1 && ((bytes[0] << 8) | bytes[1]) % 31 == 0 ? new ZLibStream(raw, CompressionMode.Decompress) : new DeflateStream(raw, CompressionMode.Decompress),
            "br" => new BrotliStream(raw, CompressionMode.Decompress),
            _ => throw new Problem(400, "encoding_unknown", $"The body is compressed with \"{(encoding.Length > 30 ? encoding[..30] : encoding)}\". Send it with gzip, deflate, br or as it is."),
        };
        try
        {
            return await All(text, bytes.Length * 4L, most, unpacked => hold(bytes.Length + unpacked), ct);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or EndOfStreamException)
        {
            throw new Problem(400, "body_damaged", "The compressed body is damaged or cut short. Send it again.");
        }
    }

    private static async Task<byte[]> Form(byte[] bytes, int most, Action<long> hold, CancellationToken ct)
    {
        var end = Array.IndexOf(bytes, (byte)'&');
        var value = Encoding.UTF8.GetString(end < 0 ? bytes.AsSpan(5) : bytes.AsSpan(5, end - 5));
        // In base64 a plus is a plus; in a form it is a space unless it was escaped, and base64 has no spaces.
        return await FromText(Uri.UnescapeDataString(value.Replace('+', ' ')), most, hold, ct);
    }

    /// <summary>JSON as it is, or in base64, or gzipped in base64.</summary>
    public static async Task<byte[]> FromText(string text, int most, Action<long> hold, CancellationToken ct)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.StartsWith("{") || trimmed.StartsWith("[")) return Encoding.UTF8.GetBytes(text);
        var base64 = text.Replace(' ', '+').Replace('-', '+').Replace('_', '/').Trim();
        var decoded = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='), decoded, out var length)) return Encoding.UTF8.GetBytes(text);
        var bytes = decoded[..length];
        return bytes is [0x1F, 0x8B, ..] ? await Decode("gzip", bytes, most, hold, ct) : bytes;
    }

    private static async Task<byte[]> All(Stream stream, long expected, int most, Action<long> hold, CancellationToken ct)
    {
        hold(Math.Clamp(expected, 256, most) + 1);
        var bytes = new byte[Math.Clamp(expected, 256, most) + 1];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(length), ct);
            if (read == 0) return length == bytes.Length ? bytes : bytes[..length];
            length += read;
            if (length > most) throw TooLarge(most);
            if (length < bytes.Length) continue;
            var longer = (int)Math.Min(bytes.Length * 2L, most + 1L);
            hold(longer);
            Array.Resize(ref bytes, longer);
        }
    }

    public static Problem TooLarge(int most) =>
        new(413, "too_large", $"The body is larger than {most / 1024} KB. Send fewer events at once, or let an administrator raise collection.max_batch_kb.");
}
