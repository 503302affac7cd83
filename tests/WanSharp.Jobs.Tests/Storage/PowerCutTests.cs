using System.Diagnostics.Tracing;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Jobs.Tests.Running;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>
/// A batch is run and what reaches the disk recorded; then the power is cut after each of these moments, with what was not flushed
/// gone, and the
/// batch is run again: every clip is there and right, and none that was finished is made again.
/// </summary>
public sealed class PowerCutTests : IDisposable
{
    private const int Jobs = 7;

    /// <summary>
    /// In memory where the system has such a folder: what counts is the order of the flushes, and thousands of real ones take
    /// minutes.
    /// </summary>
    private readonly string _folder = Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/wan-tests-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("wan-tests-").FullName;

    /// <param name="database">What the disk has of the database, which writes by itself: what it was last, without its log, what it
    /// was first, nothing of it, or no file.</param>
    /// <param name="namesAreEager">Whether file systems may know a new name before the content, which is then empty.</param>
    [Theory]
    [InlineData("last", false)]
    [InlineData("last", true)]
    [InlineData("without log", false)]
    [InlineData("without log", true)]
    [InlineData("first", false)]
    [InlineData("first", true)]
    [InlineData("empty", true)]
    [InlineData("gone", false)]
    public async Task Cut_AtAnyMoment_LosesNothingAndPoisonsNothing(string database, bool namesAreEager)
    {
        var moments = await RecordAsync(database, namesAreEager);
        Assert.True(moments.Count >= 30, $"{moments.Count} moments"); // of all eight cases together over 200
        for (var i = 0; i < moments.Count; i++)
        {
            await CheckAsync(moments[i], Path.Combine(_folder, $"cut{i}"));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static NewJob[] NewJobs() => [.. Enumerable.Range(1, Jobs).Select(i => TestJobs.New($"{i}.txt", prompt: $"clip {i}"))];

    private async Task<IReadOnlyList<Moment>> RecordAsync(string database, bool namesAreEager)
    {
        var root = Directory.CreateDirectory(Path.Combine(_folder, "out")).FullName;
        using var disk = new Disk(root, database, namesAreEager);
        using (var store = JobStore.Open(JobFolder.Create(root), TimeProvider.System))
        {
            store.Enqueue(NewJobs());
            disk.IsQueued = true;
            await using var backend = new ScriptedBackend();
            await new JobRunner(store, backend, new JobRunnerOptions()).RunAsync(TestContext.Current.CancellationToken);
        }

        return disk.Moments;
    }

    private static async Task CheckAsync(Moment moment, string root)
    {
        foreach (var (name, content) in moment.Files)
        {
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }

        var whole = Enumerable
            .Range(1, Jobs)
            .Select(i => $"{i}.txt")
            .Where(name => moment.Files.TryGetValue(name, out var content) && content.Length > 0)
            .ToList();
        using var store = JobStore.Open(JobFolder.Create(root), TimeProvider.System);
        if (moment.IsQueued)
        {
            Assert.Equal(Jobs, store.Counts().Total); // what was accepted is not lost
        }
        else
        {
            store.Enqueue(NewJobs());
        }

        await store.ReviewAsync(repairs: true, TestContext.Current.CancellationToken);
        await using var backend = new ScriptedBackend();
        await new JobRunner(store, backend, new JobRunnerOptions()).RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(new JobCounts(0, 0, Jobs, 0, 0), store.Counts());
        Assert.All(Enumerable.Range(1, Jobs), i => Assert.Equal($"clip {i}", File.ReadAllText(store.Folder.Artifact($"{i}.txt"))));
        Assert.Empty(backend.Ran.Intersect(whole));
    }

    /// <summary>What is on the disk at a moment.</summary>
    private sealed record Moment(IReadOnlyDictionary<string, byte[]> Files, bool IsQueued);

    /// <summary>A disk that keeps what was flushed, and forgets the rest.</summary>
    private sealed class Disk : EventListener
    {
        private readonly string _root;
        private readonly string _database;
        private readonly bool _namesAreEager;
        private readonly Lock _gate = new();
        private readonly Dictionary<string, byte[]> _flushed = [];
        private readonly HashSet<string> _names = [];
        private readonly List<Moment> _moments = [];
        private IReadOnlyDictionary<string, byte[]>? _first;

        public Disk(string root, string database, bool namesAreEager)
        {
            (_root, _database, _namesAreEager) = (root, database, namesAreEager);
            EnableEvents(FileEvents.Log, EventLevel.Verbose);
        }

        /// <summary>Whether the jobs were accepted.</summary>
        public bool IsQueued { get; set; }

        public IReadOnlyList<Moment> Moments
        {
            get
            {
                lock (_gate)
                {
                    return [.. _moments];
                }
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (_root is null || eventData.Payload is not [string path, ..] || !path.StartsWith(_root, StringComparison.Ordinal))
            {
                return;
            }

            lock (_gate)
            {
                switch (eventData.EventId)
                {
                    case FileEvents.FlushedId:
                        _flushed[NameOf(path)] = ReadShared(path);
                        break;
                    case FileEvents.RenamedId when _flushed.Remove(NameOf(path), out var content):
                        _flushed[NameOf((string)eventData.Payload[1]!)] = content;
                        break;
                    case FileEvents.FolderFlushedId:
                        _names.RemoveWhere(name => Path.GetDirectoryName(Path.Combine(_root, name)) == path);
                        _names.UnionWith(Directory.EnumerateFiles(path).Select(NameOf));
                        break;
                }

                Take();
            }
        }

        private void Take()
        {
            var names = _namesAreEager ? Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Select(NameOf) : _names;
            var files = names.Where(name => !IsDatabase(name)).ToDictionary(name => name, name => _flushed.GetValueOrDefault(name, []));
            var database = Directory.EnumerateFiles(_root, "jobs.db*", SearchOption.AllDirectories).ToDictionary(NameOf, ReadShared);
            _first ??= IsQueued ? database : null;
            foreach (
                var (name, content) in _database switch
                {
                    "last" => database,
                    "without log" => database.Where(part => part.Key.EndsWith("jobs.db", StringComparison.Ordinal)),
                    "first" => _first ?? database,
                    "empty" => database
                        .Keys.Where(name => name.EndsWith("jobs.db", StringComparison.Ordinal))
                        .Select(name => KeyValuePair.Create(name, Array.Empty<byte>())),
                    _ => [],
                }
            )
            {
                files[name] = content;
            }

            _moments.Add(new Moment(files, IsQueued));
        }

        private static bool IsDatabase(string name) => Path.GetFileName(name).StartsWith("jobs.db", StringComparison.Ordinal);

        private static byte[] ReadShared(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[file.Length];
            file.ReadExactly(content);
            return content;
        }

        private string NameOf(string path) => Path.GetRelativePath(_root, path);
    }
}
