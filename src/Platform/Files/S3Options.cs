using Clientele.Platform.Migrations;

namespace Clientele.Platform.Files;

/// <summary>A bucket of a service that speaks S3, as one address: <c>s3://KEY:SECRET@HOST/BUCKET?region=…&amp;prefix=…</c>.</summary>
/// <param name="Endpoint">Of the service: <c>https://HOST</c>, or <c>http://</c> with <c>s3+http://</c>.</param>
/// <param name="Bucket">Must be there.</param>
/// <param name="Region">What requests are signed for; <c>us-east-1</c> when not given.</param>
/// <param name="Prefix">Keys begin so: <c>files/</c>. Empty: none.</param>
/// <param name="AccessKey">Null: as the service's own tools find it, from <c>AWS_…</c> variables or the machine's role.</param>
public sealed record S3Options(Uri Endpoint, string Bucket, string Region, string Prefix, string? AccessKey, string? SecretKey)
{
    private const string Form = "s3://KEY:SECRET@HOST/BUCKET, with what is special in the secret percent-encoded; ?region=… and &prefix=… may follow. s3+http:// for a service without TLS";

    /// <returns>Null: the variable is not set.</returns>
    /// <exception cref="SetupException">It is not what it must be. Its value, which holds a secret, is not in the message.</exception>
    public static S3Options? FromEnvironment(string variable) => PlatformOptions.Word(variable) is { } given ? Parse(given, variable) : null;

    /// <param name="given">The address.</param>
    /// <param name="variable">Where it came from, for the message.</param>
    /// <exception cref="SetupException">It is not what it must be.</exception>
    public static S3Options Parse(string given, string variable)
    {
        if (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme is not ("s3" or "s3+http") || address.Host.Length == 0) throw Wrong(variable, $"must be {Form}");
        var bucket = Uri.UnescapeDataString(address.AbsolutePath.Trim('/'));
        if (bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')) throw Wrong(variable, $"names no bucket; it must be {Form}");
        var login = address.UserInfo.Split(':', 2);
        if (address.UserInfo.Length > 0 && (login.Length < 2 || login[0].Length == 0 || login[1].Length == 0)) throw Wrong(variable, $"has a key without a secret, or a secret without a key; it must be {Form}");
        var (region, prefix) = ("us-east-1", string.Empty);
        foreach (var pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)))
        {
            var value = pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : string.Empty;
            if (pair[0] == "region" && value.Length > 0) region = value;
            else if (pair[0] == "prefix" && Prefixed(value) is { } words) prefix = words;
            else throw Wrong(variable, $"has \"{pair[0]}\", which is not known or not well formed; it must be {Form}");
        }
        var endpoint = new UriBuilder(address.Scheme == "s3" ? "https" : "http", address.Host, address.Port).Uri;
        return new S3Options(endpoint, bucket, region, prefix, login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : null, login.Length == 2 ? Uri.UnescapeDataString(login[1]) : null);
    }

    /// <summary>Without key and secret.</summary>
    public override string ToString() => $"{Bucket}/{Prefix} at {Endpoint.Authority}";

    private static string? Prefixed(string value)
    {
        var words = value.Trim('/');
        if (words.Length == 0) return string.Empty;
        try { return FileKeys.Check(words) + '/'; }
        catch (ArgumentException) { return null; }
    }

    private static SetupException Wrong(string variable, string what) => new($"{variable} {what}.");
}
