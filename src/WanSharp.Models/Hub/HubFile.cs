namespace WanSharp.Models.Hub;

/// <summary>A file of a repository at a commit, as the hub lists it.</summary>
/// <param name="Path">Its path in the repository, with slashes.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="BlobId">Git's id of the blob: the SHA-1 of a small file with a header, or of the pointer to a large one.</param>
/// <param name="Sha256">The SHA-256 of a large file; null for a small one.</param>
internal sealed record HubFile(string Path, long Length, string BlobId, string? Sha256)
{
    /// <summary>What names its content in the cache: the SHA-256 of a large file, the blob's id of a small one.</summary>
    public string ETag => Sha256 ?? BlobId;
}
