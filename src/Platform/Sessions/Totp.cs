using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Clientele.Platform.Sessions;

/// <summary>Time-based one-time passwords (RFC 6238): HMAC-SHA-1, half minutes, six digits, as every authenticator app knows them.</summary>
internal static class Totp
{
    public const int Digits = 6;
    private const int StepSeconds = 30;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>160 bits, as RFC 4226 recommends.</summary>
    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(20);

    public static long StepOf(DateTimeOffset moment) => moment.ToUnixTimeSeconds() / StepSeconds;

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6238's default; HMAC does not need a hash without collisions, and apps know no other.")]
    public static string Code(byte[] secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> mac = stackalloc byte[20];
        HMACSHA1.HashData(secret, counter, mac);
        // RFC 4226 §5.3: the last four bits say where the 31 bits begin.
        var number = BinaryPrimitives.ReadUInt32BigEndian(mac[(mac[^1] & 15)..]) & 0x7fff_ffff;
        return (number % (uint)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>The half minute a code is of: this one, the one before or the one after (clocks differ), and none that was used before.</summary>
    /// <returns>Null when it is not right.</returns>
    public static long? Check(byte[] secret, string? code, long? lastStep, DateTimeOffset now)
    {
        if (code is not { Length: Digits }) return null;
        var given = Encoding.UTF8.GetBytes(code);
        long? found = null;
        for (var step = StepOf(now) - 1; step <= StepOf(now) + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Code(secret, step)), given) && !(step <= lastStep)) found ??= step;
        return found;
    }

    /// <summary>What the QR code says.</summary>
    public static string Address(string email, byte[] secret) =>
        $"otpauth://totp/{Uri.EscapeDataString($"Clientele:{email}")}?secret={Base32(secret)}&issuer=Clientele&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    public static string Base32(byte[] bytes)
    {
        var text = new StringBuilder();
        var (buffer, bits) = (0, 0);
        foreach (var b in bytes)
        {
            (buffer, bits) = ((buffer << 8 | b) & 0xfff, bits + 8);
            for (; bits >= 5; bits -= 5) text.Append(Alphabet[buffer >> (bits - 5) & 31]);
        }
        if (bits > 0) text.Append(Alphabet[buffer << (5 - bits) & 31]);
        return text.ToString();
    }
}
