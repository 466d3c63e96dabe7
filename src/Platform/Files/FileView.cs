namespace Clientele.Platform.Files;

/// <summary>A kind of file, as those who own files declare it.</summary>
/// <param name="Name">As <c>platform.files.kind</c> has it.</param>
/// <param name="Limit">The setting with the largest size, in megabytes.</param>
public sealed record FileKind(string Name, string Limit);

/// <summary>A file as people see it.</summary>
/// <param name="ContentType">As found in its bytes.</param>
/// <param name="Sensitive">Encrypted; opening it needs a permission of its own and leaves an entry in the audit trail.</param>
/// <param name="UploadedBy">The person's name; null: their account is gone, or the platform made it.</param>
/// <param name="ExpiresAt">When it goes by itself; null: never.</param>
public sealed record FileView(Guid Id, string Name, string ContentType, long Bytes, bool Sensitive, string? UploadedBy, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <param name="Items">The newest first.</param>
/// <param name="LargestBytes">What a file of this kind may have.</param>
/// <param name="Next">For the parameter <c>before</c> of the next page; null: this was the last.</param>
public sealed record FileList(IReadOnlyList<FileView> Items, long LargestBytes, string? Next);

/// <summary>A file on its way in.</summary>
/// <param name="Name">As the sender calls it; null: nothing.</param>
/// <param name="ClaimedType">What the sender takes it for; null: nothing. It must agree with what is found.</param>
/// <param name="Length">What the sender says it has, in bytes; null: nothing. Not believed.</param>
/// <param name="Sensitive">Whether it is to be encrypted.</param>
public sealed record Upload(string? Name, string? ClaimedType, long? Length, bool Sensitive, Stream Body, DateTimeOffset? ExpiresAt = null);

/// <summary>A link that opens a file for whoever has it.</summary>
/// <param name="Path">From the address of this server on: what the console uses.</param>
/// <param name="Url">The same, whole.</param>
public sealed record FileLink(string Path, string Url, DateTimeOffset ExpiresAt);
