using System.Buffers.Text;
using System.Security.Cryptography;
using Clientele.Platform.Web;

namespace Clientele.Platform.Sessions;

/// <summary>Words nobody can guess: 32 random bytes. Only the SHA-256 is kept.</summary>
internal static class Tokens
{
    public const int Longest = 100;

    public static (string Token, byte[] Hash) Make()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, Authentication.Hash(token));
    }

    /// <summary>The hash of what somebody sent; of nothing that was ever given out when it cannot be a token.</summary>
    public static byte[] HashOf(string? token) => Authentication.Hash(token is { Length: > 0 and <= Longest } ? token : string.Empty);
}
