using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Clientele.Platform.Files;

/// <summary>
/// Files in a bucket of a service that speaks S3: Amazon's, MinIO, Ceph, Garage, R2, … What is larger than a part arrives in parts, which become the
/// file together; the service forgets parts that a killed process left when the bucket has a rule for it.
/// </summary>
public sealed class S3Store : IFileStore, IDisposable
{
    /// <summary>Held in memory for each file that is arriving. Every part but the last has one size, as some services want it.</summary>
    private const int PartBytes = 16 * 1024 * 1024;

    /// <summary>As the protocol has it.</summary>
    private const int MostParts = 10_000;

    private readonly S3Options options;
    private readonly AmazonS3Client client;

    public S3Store(S3Options options)
    {
        this.options = options;
        var config = new AmazonS3Config
        {
            ServiceURL = options.Endpoint.ToString(),
            AuthenticationRegion = options.Region,
            // The bucket as a part of the path: the one form every service has, whatever its names and certificates.
            ForcePathStyle = true,
            // Newer checksums in trailers are refused by most services that are not Amazon's.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 3,
            Timeout = TimeSpan.FromMinutes(5),
        };
        client = options.AccessKey is { } key ? new AmazonS3Client(new BasicAWSCredentials(key, options.SecretKey), config) : new AmazonS3Client(config);
    }

    /// <inheritdoc/>
    public async Task Put(string key, Stream content, CancellationToken ct)
    {
        var name = NameOf(key);
        var part = content.CanSeek ? (int)Math.Clamp((content.Length / MostParts / 1024 + 1) * 1024, PartBytes, int.MaxValue / 2) : PartBytes;
        using var buffer = new PartBuffer(part);
        await buffer.Fill(content, ct);
        if (buffer.Length < part)
        {
            await Doing("write", () => client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = name, InputStream = buffer.Stream(), UseChunkEncoding = false, AutoCloseStream = false }, ct));
            return;
        }
        var upload = (await Doing("write", () => client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = name }, ct))).UploadId;
        try
        {
            var parts = new List<PartETag>();
            do
            {
                if (parts.Count == MostParts) throw new FileStoreException($"A file of unknown length may have {(long)MostParts * part / 1024 / 1024 / 1024} GB at most in {options}.");
                var number = parts.Count + 1;
                var done = await Doing("write", () => client.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = options.Bucket, Key = name, UploadId = upload, PartNumber = number, PartSize = buffer.Length, InputStream = buffer.Stream(), UseChunkEncoding = false,
                }, ct));
                parts.Add(new PartETag(number, done.ETag));
                await buffer.Fill(content, ct);
            }
            while (buffer.Length > 0);
            await Doing("write", () => client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = name, UploadId = upload, PartETags = parts }, ct));
        }
        catch
        {
            // Not ct: when the sender hangs up, what arrived must go all the same. When the service is away, its own rule removes the parts.
            try { await Doing("write", () => client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = options.Bucket, Key = name, UploadId = upload }, CancellationToken.None)); }
            catch (FileStoreException) { /* what broke the upload is what the caller hears */ }
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<Stream?> Open(string key, CancellationToken ct)
    {
        var first = await Get(new GetObjectRequest { BucketName = options.Bucket, Key = NameOf(key) }, ct);
        return first is null ? null : new S3Stream(first, async (at, etag) =>
            await Get(new GetObjectRequest { BucketName = options.Bucket, Key = NameOf(key), ByteRange = new ByteRange($"bytes={at}-"), EtagToMatch = etag }, CancellationToken.None)
            ?? throw new FileStoreException($"A file of {options} was deleted while it was read."));
    }

    private async Task<GetObjectResponse?> Get(GetObjectRequest request, CancellationToken ct)
    {
        try { return await Doing("read", () => client.GetObjectAsync(request, ct)); }
        catch (FileStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" }) { return null; }
    }

    /// <inheritdoc/>
    public async Task Delete(string key, CancellationToken ct)
    {
        try { await Doing("delete", () => client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = options.Bucket, Key = NameOf(key) }, ct)); }
        catch (FileStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" }) { }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFile> List(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = options.Bucket, Prefix = options.Prefix + FileKeys.CheckPrefix(prefix) };
        do
        {
            var page = await Doing("list", () => client.ListObjectsV2Async(request, ct));
            foreach (var found in page.S3Objects ?? [])
                yield return new StoredFile(found.Key[options.Prefix.Length..], found.Size ?? 0, new DateTimeOffset(DateTime.SpecifyKind((found.LastModified ?? default).ToUniversalTime(), DateTimeKind.Utc)));
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    private string NameOf(string key) => options.Prefix + FileKeys.Check(key);

    private async Task<T> Doing<T>(string what, Func<Task<T>> act)
    {
        try { return await act(); }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or System.Net.Http.HttpRequestException or IOException or TimeoutException)
        {
            throw new FileStoreException($"Cannot {what} in {options}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>A part, in memory that grows as it must: most files are much smaller than one.</summary>
    private sealed class PartBuffer(int size) : IDisposable
    {
        private byte[] bytes = new byte[Math.Min(size, 64 * 1024)];

        public int Length { get; private set; }

        public async Task Fill(Stream content, CancellationToken ct)
        {
            Length = 0;
            while (Length < size)
            {
                if (Length == bytes.Length) Array.Resize(ref bytes, Math.Min(size, bytes.Length * 4));
                var read = await content.ReadAsync(bytes.AsMemory(Length), ct);
                if (read == 0) return;
                Length += read;
            }
        }

        public MemoryStream Stream() => new(bytes, 0, Length, writable: false);

        public void Dispose() => bytes = [];
    }
}
