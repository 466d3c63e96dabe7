using System.Security.Cryptography;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Clientele.Platform.Sessions;

/// <summary>Hashing by the framework: PBKDF2-HMAC-SHA512, a salt each, 210,000 rounds (OWASP's figure for it).</summary>
public static class Passwords
{
    public const int Shortest = 12;
    public const int Longest = 200;

    // A hash is slow by design: strangers must not keep all cores at it.
    private static readonly Turns turns = new(Math.Max(1, Environment.ProcessorCount / 2), mostInside: 32);

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

    /// <summary>Waits for its turn to hash, with everybody else who does.</summary>
    /// <exception cref="Problem">503 <c>busy</c>: too many wait already.</exception>
    internal static Task<T> InTurn<T>(Func<Task<T>> work, CancellationToken ct) => turns.Take(work, ct);

    /// <summary>Hashes a new password in turn.</summary>
    internal static Task<string> HashInTurn(string password, CancellationToken ct) => InTurn(() => Task.FromResult(Hash(password)), ct);

    /// <summary>Takes as long whatever was given.</summary>
    internal static bool Matches(string? hash, string? given)
    {
        var password = given ?? string.Empty;
        return password.Length <= Longest & Verify(hash, password[..Math.Min(password.Length, Longest)]);
    }

    /// <summary>Refuses a new password that is easily guessed.</summary>
    /// <param name="field">Of the request, which is told to be at fault.</param>
    internal static void Check(string? password, string field, string email, string? current = null)
    {
        var message = password switch
        {
            null or { Length: < Shortest } => $"Choose at least {Shortest} characters; a few words together are easy to remember.",
            { Length: > Longest } => $"Choose at most {Longest} characters.",
            _ when password == current => "Choose one that differs from the current password.",
            _ when password.Contains(email, StringComparison.OrdinalIgnoreCase) => "Choose one without your e-mail address in it.",
            _ when password.Distinct().Count() < 5 => "Choose one with more different characters.",
            _ => null,
        };
        if (message is not null) throw Problem.Invalid(field, message);
    }
}
