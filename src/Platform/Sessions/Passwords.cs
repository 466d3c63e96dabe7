using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Clientele.Platform.Sessions;

/// <summary>Hashing by the framework: PBKDF2-HMAC-SHA512, a salt each, 210,000 rounds (OWASP's figure for it).</summary>
public static class Passwords
{
    public const int Shortest = 12;
    public const int Longest = 200;

    private static readonly PasswordHasher<object> hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));
    private static readonly object nobody = new();

    // Checked when the address is unknown, so that the answer takes as long as for a known one.
    private static readonly string decoy = Hash(OneTime());

    public static string Hash(string password) => hasher.HashPassword(nobody, password);

    public static bool Verify(string? hash, string password) =>
        hasher.VerifyHashedPassword(nobody, hash ?? decoy, password) != PasswordVerificationResult.Failed && hash is not null;

    /// <summary>Twenty characters that are hard to mistake for one another: 100 bits.</summary>
    public static string OneTime()
    {
        const string letters = "abcdefghjkmnpqrstuvwxyz23456789";
        return string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(letters, 5)));
    }
}
