namespace WanSharp.Storage;

/// <summary>A folder with all caches, each section a <see cref="ContentStore"/>. Thread-safe, and safe among processes.</summary>
/// <param name="folder">The folder, made with the first entry.</param>
/// <param name="clock">Tells when entries are used. Default: the system's.</param>
public sealed class CacheRoot(string folder, TimeProvider? clock = null)
{
    private const long GigaByte = 1_000_000_000;

    /// <summary>Where the sections are.</summary>
    public string Folder { get; } = folder;

    /// <summary>
    /// A section, with limits that suit it: 20 GB of results, 4 GB of features, 4 GB of steps that were used within 30 days, 40 GB
    /// of prepared weights; all graphs, because they are few, and as large as the models.
    /// </summary>
    /// <param name="section">One of <see cref="CacheSections.All"/>.</param>
    /// <param name="warn"><see cref="ContentStoreOptions.Warn"/>.</param>
    /// <exception cref="ArgumentException">There is no such section.</exception>
    public ContentStore Open(string section, Action<string>? warn = null) =>
        new(Path.Combine(Folder, section), OptionsOf(section) with { Warn = warn }, clock);

    /// <summary>What is in each section, and how it served.</summary>
    public IReadOnlyList<(string Section, ContentStoreStatistics Statistics)> Statistics()
    {
        using var sections = new OpenSections(this, CacheSections.All);
        return [.. sections.Named.Select(section => (section.Name, section.Store.Statistics()))];
    }

    /// <summary>Removes what is too old, then what was not used for longest in any section, until the rest fits.</summary>
    /// <param name="olderThan">The longest that an entry may not have been used; null for any time.</param>
    /// <param name="maximumBytes">What may remain in all sections together; null for any size.</param>
    /// <param name="only">The sections to look at. Default: all.</param>
    /// <returns>What was removed from each.</returns>
    public IReadOnlyList<(string Section, PruneResult Removed)> Prune(
        TimeSpan? olderThan,
        long? maximumBytes,
        IReadOnlyList<string>? only = null
    )
    {
        using var sections = new OpenSections(this, only ?? CacheSections.All);
        var removed = ContentStore.Prune([.. sections.Named.Select(section => section.Store)], olderThan, maximumBytes);
        return [.. sections.Named.Zip(removed, (section, result) => (section.Name, result))];
    }

    /// <summary>A section's limits, and how carefully its entries are read.</summary>
    internal static ContentStoreOptions OptionsOf(string section) =>
        section switch
        {
            CacheSections.Results => new ContentStoreOptions { MaximumBytes = 20 * GigaByte },
            CacheSections.Features => new ContentStoreOptions { MaximumBytes = 4 * GigaByte },
            CacheSections.Steps => new ContentStoreOptions { MaximumBytes = 4 * GigaByte, MaximumAge = TimeSpan.FromDays(30) },
            CacheSections.Weights => new ContentStoreOptions { MaximumBytes = 40 * GigaByte, Check = EntryCheck.Start },
            CacheSections.Graphs or CacheSections.Calibration => new ContentStoreOptions { Check = EntryCheck.Start },
            _ => throw new ArgumentException(
                $"There is no section '{section}': {string.Join(", ", CacheSections.All)} are.",
                nameof(section)
            ),
        };

    private sealed class OpenSections(CacheRoot root, IReadOnlyList<string> names) : IDisposable
    {
        public IReadOnlyList<(string Name, ContentStore Store)> Named { get; } = [.. names.Select(name => (name, root.Open(name)))];

        public void Dispose()
        {
            foreach (var (_, store) in Named)
            {
                store.Dispose();
            }
        }
    }
}
