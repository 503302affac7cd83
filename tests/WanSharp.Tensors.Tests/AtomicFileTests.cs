using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Settings => _folder["settings.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_ReplacesTheFileAndLeavesNothingElse()
    {
        AtomicFile.Write(Settings, "old");
        AtomicFile.Write(Settings, "neu: ü");
        Assert.Equal("neu: ü"u8, File.ReadAllBytes(Settings));
        Assert.Equal([Settings], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_WhereNoFileCanBe_NamesTheFileThatWasAskedFor()
    {
        File.WriteAllText(_folder["plain"], "");
        foreach (
            var (path, problem) in new[]
            {
                (_folder["none/a.html"], $"there is no folder {_folder["none"]}. Make it first."),
                (_folder["plain/a.html"], $"{_folder["plain"]} is a file, not a folder."),
            }
        )
        {
            var written = Assert.ThrowsAny<IOException>(() => AtomicFile.Write(path, "text"));
            var asked = Assert.ThrowsAny<IOException>(() => AtomicFile.Require(path));
            Assert.Equal($"{path} cannot be written: {problem}", written.Message);
            Assert.Equal(written.Message, asked.Message);
        }
    }

    [Fact]
    public void Require_LeavesNothing()
    {
        AtomicFile.Require(Settings);
        Assert.Empty(_folder.Entries);
        Assert.Throws<IOException>(() => AtomicFile.Require(_folder));
    }

    [Fact]
    public void Write_ThatFails_KeepsWhatWasThereAndLeavesNothingElse()
    {
        AtomicFile.Write(Settings, "old");
        Assert.Throws<InvalidOperationException>(() =>
            AtomicFile.Write(
                Settings,
                stream =>
                {
                    stream.Write("half"u8);
                    throw new InvalidOperationException();
                }
            )
        );
        Assert.Equal("old", File.ReadAllText(Settings));
        Assert.Equal([Settings], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Write_FromManyThreads_LeavesOneWholeContent()
    {
        await Parallel.ForAsync(
            0,
            16,
            (i, _) =>
            {
                AtomicFile.Write(Settings, new string((char)('a' + i), 10_000));
                return ValueTask.CompletedTask;
            }
        );
        var text = await File.ReadAllTextAsync(Settings);
        Assert.Equal(10_000, text.Length);
        Assert.Single(text.Distinct());
        Assert.Equal([Settings], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_ToTheLongestNameThatTheFileSystemTakes_Works()
    {
        var path = _folder[new string('n', 255)];
        AtomicFile.Write(path, "text");
        Assert.Equal("text", File.ReadAllText(path));
    }

    [Fact]
    public void Write_WithoutFolderInThePath_WritesIntoTheCurrentOne()
    {
        var name = $"wansharp-test-{Guid.NewGuid():N}";
        try
        {
            AtomicFile.Write(name, "text");
            Assert.Equal("text", File.ReadAllText(name));
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Fact]
    public void Publish_WithoutOverwriting_RefusesAFileThatIsThere()
    {
        var made = _folder["made"];
        File.WriteAllText(made, "new");
        AtomicFile.Write(Settings, "old");
        Assert.Throws<IOException>(() => AtomicFile.Publish(made, Settings, overwrite: false));
        Assert.Equal("old", File.ReadAllText(Settings));
        AtomicFile.Publish(made, Settings, overwrite: true);
        Assert.Equal("new", File.ReadAllText(Settings));
        Assert.False(File.Exists(made));
    }

    [Fact]
    public void Write_FlushesBeforeItRenamesAndTheFolderAfter()
    {
        using var log = new FileEventLog(_folder);
        AtomicFile.Write(Settings, "text");
        Assert.Equal(
            [FileEvents.CreatedId, FileEvents.FlushedId, FileEvents.RenamedId, FileEvents.FolderFlushedId],
            log.Events.Select(step => step.Id)
        );
    }
}
