using System.Security.Cryptography;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Storage.Tests;

/// <summary>A file is noted by what it is, whatever links lead to it.</summary>
public sealed class FileDigestsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_ALargeFileThroughLinks_IsNotedOnce()
    {
        Directory.CreateDirectory(_folder["blobs"]);
        File.WriteAllBytes(_folder["blobs/0"], new byte[2 << 20]);
        File.CreateSymbolicLink(_folder["snapshot"], "blobs");
        File.CreateSymbolicLink(_folder["link"], "snapshot/0");
        File.CreateSymbolicLink(_folder["again"], "link");
        var digests = new FileDigests(_folder["notes"]);

        Assert.Null(digests.Find([_folder["link"]]));
        List<string> each =
        [
            .. digests.OfEach(
                [_folder["link"], _folder["again"], _folder["snapshot/0"], _folder["blobs/0"]],
                read: null,
                CancellationToken.None
            ),
        ];

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(new byte[2 << 20])), Assert.Single(each.Distinct()));
        Assert.Single(Directory.GetFiles(_folder["notes"]));
        Assert.NotNull(digests.Find([_folder["link"]]));
    }

    [Fact]
    public void Of_ALinkThatLeadsElsewhereNow_IsReadAgain()
    {
        foreach (var (name, value) in new[] { ("a", (byte)1), ("b", (byte)2) })
        {
            File.WriteAllBytes(_folder[name], [.. Enumerable.Repeat(value, 2 << 20)]);
            File.SetLastWriteTimeUtc(_folder[name], new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        }

        var digests = new FileDigests(_folder["notes"]);
        File.CreateSymbolicLink(_folder["link"], "a");
        var first = digests.Of([_folder["link"]], CancellationToken.None);
        File.Delete(_folder["link"]);
        File.CreateSymbolicLink(_folder["link"], "b");
        Assert.NotEqual(first, digests.Of([_folder["link"]], CancellationToken.None));
    }

    [Fact]
    public void RealPath_OfLinksInACircleOrToNothing_IsRefusedOrTheirEnd()
    {
        File.CreateSymbolicLink(_folder["x"], "y");
        File.CreateSymbolicLink(_folder["y"], "x");
        File.CreateSymbolicLink(_folder["broken"], "nothing/there");
        Assert.Throws<IOException>(() => FileFacts.Of(_folder["x"]));
        Assert.False(FileFacts.Of(_folder["broken"]).Exists);
        Assert.EndsWith(Path.Combine("nothing", "there"), FileFacts.RealPath(_folder["broken"]), StringComparison.Ordinal);
    }
}
