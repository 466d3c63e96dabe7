using Clientele.Platform.Secrets;
using Microsoft.AspNetCore.Authentication;

namespace Clientele.Platform.Sessions;

/// <summary>The state that travels through another service and back, sealed.</summary>
internal sealed class SealedState(KeyRing keys) : ISecureDataFormat<AuthenticationProperties>
{
    private const string Purpose = "oauth state";

    public string Protect(AuthenticationProperties data) => Protect(data, null);

    public string Protect(AuthenticationProperties data, string? purpose) => System.Buffers.Text.Base64Url.EncodeToString(keys.Close(Purpose, PropertiesSerializer.Default.Serialize(data)));

    public AuthenticationProperties? Unprotect(string? protectedText) => Unprotect(protectedText, null);

    public AuthenticationProperties? Unprotect(string? protectedText, string? purpose)
    {
        if (protectedText is null || !System.Buffers.Text.Base64Url.IsValid(protectedText)) return null;
        return keys.Open(Purpose, System.Buffers.Text.Base64Url.DecodeFromChars(protectedText)) is { } plain ? PropertiesSerializer.Default.Deserialize(plain) : null;
    }
}
