using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;

namespace Clientele.Platform.Sessions;

/// <summary>
/// Seals what the server has to read again (secrets of authenticator apps) or to believe when it comes back (the state of a
/// sign-in elsewhere): AES-256-GCM with a key that is not in the database, so that a copy of the database opens nothing.
/// </summary>
internal sealed class Seal(PlatformOptions options)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <param name="purpose">Bound to it: what was sealed for one purpose cannot be opened for another.</param>
    public byte[] Close(string purpose, ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(options.SealKey, TagBytes);
        aes.Encrypt(sealedBytes.AsSpan(0, NonceBytes), plain, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(purpose));
        return sealedBytes;
    }

    /// <returns>Null when it was sealed with another key, for another purpose, or was changed.</returns>
    public byte[]? Open(string purpose, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < NonceBytes + TagBytes) return null;
        var plain = new byte[sealedBytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(options.SealKey, TagBytes);
        try
        {
            aes.Decrypt(sealedBytes[..NonceBytes], sealedBytes[(NonceBytes + TagBytes)..], sealedBytes.Slice(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        catch (AuthenticationTagMismatchException) { return null; }
    }
}

/// <summary>The state that travels through another service and back, sealed.</summary>
internal sealed class SealedState(Seal seal) : ISecureDataFormat<AuthenticationProperties>
{
    private const string Purpose = "oauth state";

    public string Protect(AuthenticationProperties data) => Protect(data, null);

    public string Protect(AuthenticationProperties data, string? purpose) => System.Buffers.Text.Base64Url.EncodeToString(seal.Close(Purpose, PropertiesSerializer.Default.Serialize(data)));

    public AuthenticationProperties? Unprotect(string? protectedText) => Unprotect(protectedText, null);

    public AuthenticationProperties? Unprotect(string? protectedText, string? purpose)
    {
        if (protectedText is null || !System.Buffers.Text.Base64Url.IsValid(protectedText)) return null;
        return seal.Open(Purpose, System.Buffers.Text.Base64Url.DecodeFromChars(protectedText)) is { } plain ? PropertiesSerializer.Default.Deserialize(plain) : null;
    }
}
