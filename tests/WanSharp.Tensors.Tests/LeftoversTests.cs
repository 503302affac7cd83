using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>What a process left that was killed goes; what a living one has stays, however old it is.</summary>
public sealed class LeftoversTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private IEnumerable<string> Entries => Directory.EnumerateFileSystemEntries(_folder).Select(entry => Path.GetFileName(entry)!).Order();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Create_BesideAFolderOfADeadProcess_RemovesIt()
    {
        Leave(".wan-0123", Leftovers.LockName, "clip", "1.png");
        Leave(".wan-4567"); // killed before it could lock it

        using var work = WorkFolder.Create(_folder);

        Assert.Equal([Path.GetFileName(work.Path)], Entries);
    }

    [Fact]
    public void Create_BesideAFolderOfALivingProcess_LeavesItAlone()
    {
        using var other = WorkFolder.Create(_folder);
        File.WriteAllText(other["clip"], "half");
        Directory.SetLastWriteTimeUtc(other.Path, DateTime.UnixEpoch);

        using (WorkFolder.Create(_folder))
        {
            Assert.Equal(2, Entries.Count());
        }

        Assert.Equal("half", File.ReadAllText(other["clip"]));
        Assert.Equal([Path.GetFileName(other.Path)], Entries);
    }

    [Fact]
    public void Sweep_OfFiles_RemovesThoseThatNobodyWrites()
    {
        File.WriteAllText(_folder[".wan-0123.partial"], "half");
        AtomicFile.Write(
            _folder["settings.json"],
            stream =>
            {
                stream.Write("new"u8);
                Leftovers.Sweep(_folder);
            }
        );

        Assert.Equal(["settings.json"], Entries);
        Assert.Equal("new", File.ReadAllText(_folder["settings.json"]));
    }

    [Fact]
    public void Sweep_OfWhatIsNotOurs_LeavesItAlone()
    {
        Leave(".wan", "jobs.db");
        Leave(".wan-notes", "read me");
        File.WriteAllText(_folder[".wan-list"], "");
        File.WriteAllText(_folder["wan-0123.partial"], "");
        Directory.CreateSymbolicLink(_folder[".wan-link"], _folder[".wan-notes"]);
        string[] before = [.. Entries];

        Leftovers.Sweep(_folder);
        Leftovers.Sweep(_folder["missing"]);

        Assert.Equal(before, Entries);
        Assert.True(File.Exists(Path.Combine(_folder[".wan-notes"], "read me")));
    }

    [Fact]
    public async Task Create_ByManyAtOnce_GivesEachItsOwn()
    {
        await Parallel.ForAsync(
            0,
            64,
            (i, _) =>
            {
                using var work = WorkFolder.Create(_folder);
                File.WriteAllText(work["clip"], "half");
                Assert.True(File.Exists(work["clip"]));
                return ValueTask.CompletedTask;
            }
        );

        Assert.Empty(Entries);
    }

    [Fact]
    public void Create_InAFolderThatIsNotThere_SaysSo() =>
        Assert.Contains(
            "missing",
            Assert.Throws<DirectoryNotFoundException>(() => WorkFolder.Create(_folder["missing"])).Message,
            StringComparison.Ordinal
        );

    private void Leave(string name, params string[] files)
    {
        Directory.CreateDirectory(_folder[name]);
        foreach (var file in files)
        {
            File.WriteAllText(Path.Combine(_folder[name], file), "half");
        }
    }
}
