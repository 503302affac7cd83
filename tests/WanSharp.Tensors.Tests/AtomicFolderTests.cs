using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Publish_ANewPlace_HasAllFiles()
    {
        var work = Filled("work", "new");

        AtomicFolder.Publish(work, _folder["place"]);

        Assert.Equal("new", File.ReadAllText(Path.Combine(_folder["place"], "inner", "file.txt")));
        Assert.False(Directory.Exists(work));
    }

    [Fact]
    public void Publish_OverAnother_LeavesNothingOfIt()
    {
        File.WriteAllText(Path.Combine(Filled("place", "old"), "more.txt"), "old");

        AtomicFolder.Publish(Filled("work", "new"), _folder["place"]);

        Assert.Equal("new", File.ReadAllText(Path.Combine(_folder["place"], "inner", "file.txt")));
        Assert.False(File.Exists(Path.Combine(_folder["place"], "more.txt")));
        Assert.Equal(["place"], _folder.Entries);
    }

    [Fact]
    public void Publish_AFolderThatIsNotThere_LeavesThePlaceAsItWas()
    {
        Filled("place", "old");

        Assert.Throws<DirectoryNotFoundException>(() => AtomicFolder.Publish(_folder["missing"], _folder["place"]));

        Assert.Equal("old", File.ReadAllText(Path.Combine(_folder["place"], "inner", "file.txt")));
        Assert.Equal(["place"], _folder.Entries);
    }

    [Fact]
    public void Publish_FlushesBeforeItRenamesAndTheFolderAfter()
    {
        var work = Filled("work", "new");
        using var log = new FileEventLog(_folder);

        AtomicFolder.Publish(work, _folder["place"]);

        Assert.Equal(
            [
                (FileEvents.FlushedId, Path.Combine(work, "inner", "file.txt")),
                (FileEvents.FolderFlushedId, Path.Combine(work, "inner")),
                (FileEvents.FolderFlushedId, work),
                (FileEvents.RenamedId, work),
                (FileEvents.FolderFlushedId, _folder.Path),
            ],
            log.Events
        );
    }

    [Fact]
    public void KeepNextTo_ThePlace_KeepsTheFilesUnderAnotherName()
    {
        var kept = AtomicFolder.KeepNextTo(Filled("work", "new"), _folder["place"]);

        Assert.Equal("new", File.ReadAllText(Path.Combine(kept, "inner", "file.txt")));
        Assert.Equal([Path.GetFileName(kept)], _folder.Entries);
    }

    public void Dispose() => _folder.Dispose();

    private string Filled(string name, string content)
    {
        var folder = Directory.CreateDirectory(_folder[name]).FullName;
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "inner")).FullName, "file.txt"), content);
        return folder;
    }
}
