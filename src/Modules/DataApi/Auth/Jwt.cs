using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Clientele.DataApi.Auth;

/// <summary>Why a token is not believed.</summary>
internal sealed class JwtRefused(string code, string message, string? details = null) : Exception(message)
{
    public string Code { get; } = code;

    public string? Details { get; } = details;
}

/// <summary>
/// Verifies JSON web tokens: HMAC with the secret, or the public keys of a JWK or a set of them. The algorithm is the key's,
/// never the token's choice alone: a public key is no HMAC secret.
/// </summary>
internal sealed class Jwt : IDisposable
{
    /// <summary>Clocks differ by so much.</summary>
    private static readonly TimeSpan leeway = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of the shortest secret that is taken.</summary>
    private const int LeastSecret = 32;

    private sealed record Key(string? Id, byte[]? Secret, RSA? Rsa, ECDsa? Curve);

    private readonly List<Key> keys = [];
    private readonly string? audience;
    private readonly TimeProvider clock;

    /// <param name="secret">A secret of at least 32 bytes, or JSON of a key or a set of keys.</param>
    /// <exception cref="FormatException">A secret is too short, or is no secret.</exception>
    public Jwt(string secret, bool base64, string? audience, TimeProvider clock)
    {
        (this.audience, this.clock) = (audience, clock);
        if (secret.TrimStart().StartsWith('{'))
        {
            using var json = JsonDocument.Parse(secret);
            if (json.RootElement.TryGetProperty("keys", out var set))
                foreach (var key in set.EnumerateArray()) Add(key);
            else Add(json.RootElement);
        }
        else if (secret.TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal))
            throw new FormatException("It is a key in PEM, which as a secret would be known to everybody who has the public key; give it as a JWK.");
        else AddSecret(null, base64 ? Convert.FromBase64String(secret.Replace('-', '+').Replace('_', '/').PadRight((secret.Length + 3) / 4 * 4, '=')) : Encoding.UTF8.GetBytes(secret));
    }

    private void AddSecret(string? id, byte[] secret)
    {
        if (secret.Length < LeastSecret) throw new FormatException($"It has {secret.Length} bytes, and a secret must have at least {LeastSecret}: a shorter one can be guessed from a single token.");
        keys.Add(new Key(id, secret, null, null));
    }

    private void Add(JsonElement key)
    {
        string? Text(string name) => key.TryGetProperty(name, out var value) ? value.GetString() : null;
        byte[] Bytes(string name) => Base64Url.DecodeFromChars(Text(name) ?? throw new JsonException($"A key without \"{name}\"."));
        switch (Text("kty"))
        {
            case "oct": AddSecret(Text("kid"), Bytes("k")); break;
            case "RSA": keys.Add(new Key(Text("kid"), null, RSA.Create(new RSAParameters { Modulus = Bytes("n"), Exponent = Bytes("e") }), null)); break;
            case "EC":
                var curve = Text("crv") switch { "P-256" => ECCurve.NamedCurves.nistP256, "P-384" => ECCurve.NamedCurves.nistP384, "P-521" => ECCurve.NamedCurves.nistP521, var other => throw new JsonException($"The curve \"{other}\" is not known.") };
                keys.Add(new Key(Text("kid"), null, null, ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Bytes("x"), Y = Bytes("y") } })));
                break;
        }
    }

    /// <summary>The claims of a token that is valid now.</summary>
    /// <exception cref="JwtRefused">It is not.</exception>
    public JsonElement Verify(string token)
    {
        if (token.Length == 0) throw new JwtRefused("PGRST301", "Empty JWT is sent in Authorization header");
        var parts = token.Split('.');
        if (parts.Length != 3) throw new JwtRefused("PGRST301", $"Expected 3 parts in JWT; got {parts.Length}");
        var (header, claims) = (Json(parts[0]), Json(parts[1]));
        byte[] signature;
        try { signature = Base64Url.DecodeFromChars(parts[2]); }
        catch (FormatException) { throw new JwtRefused("PGRST301", "JWT cryptographic operation failed"); }
        var algorithm = header.ValueKind == JsonValueKind.Object && header.TryGetProperty("alg", out var alg) && alg.ValueKind == JsonValueKind.String ? alg.GetString()! : string.Empty;
        var id = header.ValueKind == JsonValueKind.Object && header.TryGetProperty("kid", out var kid) && kid.ValueKind == JsonValueKind.String ? kid.GetString() : null;
        var signed = Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]);
        var fitting = keys.Where(k => (k.Id is null || id is null || k.Id == id) && Fits(k, algorithm)).ToList();
        if (fitting.Count == 0) throw new JwtRefused("PGRST301", "No suitable key or wrong key type", "None of the keys was able to decode the JWT");
        if (!fitting.Exists(k => Signed(k, algorithm, signed, signature))) throw new JwtRefused("PGRST301", "No suitable key or wrong key type", "None of the keys was able to decode the JWT");
        if (claims.ValueKind != JsonValueKind.Object) throw new JwtRefused("PGRST303", "Parsing claims failed");
        CheckTime(claims);
        CheckAudience(claims);
        return claims;
    }

    private static JsonElement Json(string part)
    {
        try { return JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(part)); }
        catch (Exception e) when (e is FormatException or JsonException) { throw new JwtRefused("PGRST301", "JWT cryptographic operation failed"); }
    }

    private static bool Fits(Key key, string algorithm) => algorithm switch
    {
        "HS256" or "HS384" or "HS512" => key.Secret is not null,
        "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" => key.Rsa is not null,
        // Each has its own curve.
        "ES256" => key.Curve is { KeySize: 256 },
        "ES384" => key.Curve is { KeySize: 384 },
        "ES512" => key.Curve is { KeySize: 521 },
        _ => false,
    };

    private static bool Signed(Key key, string algorithm, byte[] text, byte[] signature)
    {
        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        if (key.Secret is { } secret)
        {
            var expected = algorithm switch { "HS256" => HMACSHA256.HashData(secret, text), "HS384" => HMACSHA384.HashData(secret, text), _ => HMACSHA512.HashData(secret, text) };
            return CryptographicOperations.FixedTimeEquals(expected, signature);
        }
        return key.Rsa is { } rsa
            ? rsa.VerifyData(text, signature, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1)
            : key.Curve!.VerifyData(text, signature, hash);
    }

    private void CheckTime(JsonElement claims)
    {
        var now = clock.GetUtcNow();
        if (Seconds(claims, "exp") is { } expires && now > expires + leeway) throw new JwtRefused("PGRST303", "JWT expired");
        if (Seconds(claims, "nbf") is { } from && now < from - leeway) throw new JwtRefused("PGRST303", "JWT not yet valid");
        if (Seconds(claims, "iat") is { } issued && now < issued - leeway) throw new JwtRefused("PGRST303", "JWT issued at future");
    }

    private static DateTimeOffset? Seconds(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds)) throw new JwtRefused("PGRST303", $"The JWT '{name}' claim must be a number");
        return DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(seconds, -60_000_000_000, 250_000_000_000));
    }

    private void CheckAudience(JsonElement claims)
    {
        if (!claims.TryGetProperty("aud", out var claim) || claim.ValueKind == JsonValueKind.Null) return;
        var named = claim.ValueKind switch
        {
            JsonValueKind.String => [claim.GetString()!],
            JsonValueKind.Array when claim.EnumerateArray().All(a => a.ValueKind == JsonValueKind.String) => claim.EnumerateArray().Select(a => a.GetString()!).ToList(),
            _ => throw new JwtRefused("PGRST303", "The JWT 'aud' claim must be a string or an array of strings"),
        };
        if (audience is not null && named.Count > 0 && !named.Contains(audience)) throw new JwtRefused("PGRST303", "JWT not in audience");
    }

    public void Dispose()
    {
        foreach (var key in keys)
        {
            key.Rsa?.Dispose();
            key.Curve?.Dispose();
        }
    }
}
