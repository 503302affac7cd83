using WanSharp.Hosting.Installation;

namespace WanSharp.Hosting.Tests.Installation;

/// <summary>The installation of packages, from feeds on this machine and packages made here.</summary>
public sealed class ExtraInstallerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wan-install-").FullName;
    private readonly byte[] _package = FakePackage.Usual();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(_folder, "providers");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task InstallAsync_FromAFolder_UnpacksThePlatformsLibrariesAndNothingElse()
    {
        var library = await InstallAsync(Feed(_package));

        Assert.Equal("library", await File.ReadAllTextAsync(library, Token));
        Assert.Equal(library, FakePackage.Cuda(_package).FindIn(Root));
        Assert.Equal(["libonnxruntime.so", "libonnxruntime_providers_cuda.so"], Installed());
    }

    [Fact]
    public async Task InstallAsync_FromAFolderOfFolders_FindsThePackage()
    {
        var id = FakePackage.Id.ToLowerInvariant();
        var nested = Directory.CreateDirectory(Path.Combine(_folder, "feed", id, FakePackage.Version)).FullName;
        Write(Path.Combine(nested, $"{id}.{FakePackage.Version}.nupkg"), _package);

        await InstallAsync(Path.Combine(_folder, "feed"));

        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_FromAService_FetchesIt()
    {
        using var feed = new LoopbackFeed(_package);

        await InstallAsync(feed.Index);

        Assert.Equal(2, Installed().Length);
        Assert.Equal([""], feed.Ranges);
    }

    [Fact]
    public async Task InstallAsync_AfterABrokenDownload_FetchesOnlyTheRest()
    {
        using var feed = new LoopbackFeed(_package) { HangUpAfter = 100 };
        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        await InstallAsync(feed.Index);

        Assert.Contains("to resume from 100 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(["", "bytes=100-"], feed.Ranges);
        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_FromAServiceWithoutRanges_StartsAgain()
    {
        using var feed = new LoopbackFeed(_package) { HangUpAfter = 100, IgnoresRanges = true };
        await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        await InstallAsync(feed.Index);

        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_OtherBytesThanPromised_DeletesThemAndInstallsNothing()
    {
        using var feed = new LoopbackFeed(_package);
        feed.Documents[feed.PackagePath] = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "somebody else's"));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => InstallAsync(feed.Index));

        Assert.Contains("SHA-512", error.Message, StringComparison.Ordinal);
        Assert.Null(FakePackage.Cuda(_package).FindIn(Root));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root, "downloads")));
    }

    /// <summary>What a feed says of its own package counts for nothing: a foreign folder may have chosen the feed.</summary>
    [Fact]
    public async Task InstallAsync_AnotherPackageUnderItsName_IsRefusedWithTheOneThatIsPinned()
    {
        var other = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "somebody else's"));
        var pinned = ExtraCatalog.Get(ExtraCatalog.Cuda, "linux-x64");

        var error = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new ExtraInstaller(Root, pinned).InstallAsync([Feed(other)], progress: null, Token)
        );

        Assert.Contains($"its SHA-512 is {FakePackage.Sha512(other)}, not {pinned.Sha512}", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Root, "cuda")));
    }

    [Fact]
    public async Task InstallAsync_APackageThatIsCutShort_IsRefusedAndLeavesNothing()
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new ExtraInstaller(Root, FakePackage.Cuda(_package)).InstallAsync([Feed(_package[..^20])], progress: null, Token)
        );

        Assert.Contains("nothing was unpacked", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Root, "cuda")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Root, "downloads")));
    }

    [Fact]
    public async Task InstallAsync_AnotherVersion_IsNotTaken()
    {
        var feed = Directory.CreateDirectory(Path.Combine(_folder, "older")).FullName;
        Write(Path.Combine(feed, $"{FakePackage.Id}.1.30.0.nupkg"), _package);

        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed));

        Assert.Contains($"has {FakePackage.Id} {FakePackage.Version}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_OneSourceFails_AsksTheNext()
    {
        var other = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "somebody else's"));

        await new ExtraInstaller(Root, FakePackage.Cuda(_package)).InstallAsync(
            ["http://127.0.0.1:9/v3/index.json", Feed(other), Feed(_package)],
            progress: null,
            Token
        );

        Assert.Equal(2, Installed().Length);
    }

    [Fact]
    public async Task InstallAsync_FromAnNpmRegistry_UnpacksItsFolder_AndGoesOnWhereItEnded()
    {
        var (package, content) = Ffmpeg();
        using var feed = new LoopbackFeed(content) { HangUpAfter = 60, PackagePath = "/@ffmpeg-installer/linux-x64/-/linux-x64-4.1.0.tgz" };
        feed.Documents[feed.PackagePath] = content;
        var installer = new ExtraInstaller(Root, package);
        var error = await Assert.ThrowsAsync<IOException>(() => installer.InstallAsync([feed.Root], progress: null, Token));

        var file = await installer.InstallAsync([feed.Root], progress: null, Token);

        Assert.Contains(
            "to resume from 60 bytes. Or run `npm pack @ffmpeg-installer/linux-x64@4.1.0`",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(["", "bytes=60-"], feed.Ranges);
        Assert.Equal("program", await File.ReadAllTextAsync(file, Token));
        Assert.Equal(["ffmpeg"], Directory.GetFiles(Path.GetDirectoryName(file)!).Select(path => Path.GetFileName(path)));
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute));
        }
    }

    [Fact]
    public async Task InstallAsync_FromAFolderOfNpmPack_FindsThePackage()
    {
        var (package, content) = Ffmpeg();
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "packed")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "ffmpeg-installer-linux-x64-4.1.0.tgz"), content, Token);

        var file = await new ExtraInstaller(Root, package).InstallAsync([folder], progress: null, Token);

        var host = new WanHost(new HostOptions { CacheFolder = _folder });
        Assert.Equal(Path.Combine(host.ProvidersFolder, "ffmpeg", "4.1.0", "ffmpeg"), file);
        Assert.Equal(ExtraCatalog.CurrentRid == "linux-x64" ? file : null, host.FindFfmpeg());
    }

    [Theory]
    [InlineData("package/../../escaped")]
    [InlineData("package/bin/ffmpeg")]
    public async Task InstallAsync_AnNpmPackageThatNamesFilesElsewhere_IsRefusedWhole(string name)
    {
        var content = FakePackage.OfNpm(("package/ffmpeg", "program", UnixFileMode.UserExecute), (name, "escaped", UnixFileMode.UserRead));
        var package = ExtraCatalog.Get(ExtraCatalog.Ffmpeg, "linux-x64") with { Sha512 = FakePackage.Sha512(content) };
        await File.WriteAllBytesAsync(Path.Combine(_folder, "ffmpeg-installer-linux-x64-4.1.0.tgz"), content, Token);

        await Assert.ThrowsAsync<InvalidDataException>(() =>
            new ExtraInstaller(Root, package).InstallAsync([_folder], progress: null, Token)
        );

        Assert.Null(package.FindIn(Root));
        Assert.Empty(Directory.EnumerateFiles(_folder, "escaped", SearchOption.AllDirectories));
    }

    [Fact]
    public void Catalog_PinsEveryPackage()
    {
        foreach (var name in ExtraCatalog.Names)
        {
            var package = ExtraCatalog.Get(name, "linux-x64");
            Assert.Equal(64, Convert.FromBase64String(package.Sha512).Length);
            Assert.NotNull(ExtraCatalog.Find(name, "win-x64"));
            Assert.Null(ExtraCatalog.Find(name, "freebsd-x64"));
        }
    }

    [Theory]
    [InlineData("runtimes/linux-x64/native/../../../../escaped.so")]
    [InlineData("runtimes/linux-x64/native/sub/library.so")]
    [InlineData("runtimes/linux-x64/native/..")]
    [InlineData("runtimes/linux-x64/native/c:\\library.dll")]
    public async Task InstallAsync_APackageThatNamesFilesElsewhere_IsRefusedWhole(string name)
    {
        var package = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "library"), (name, "escaped"));

        await Assert.ThrowsAsync<InvalidDataException>(() =>
            new ExtraInstaller(Root, FakePackage.Cuda(package)).InstallAsync([Feed(package)], progress: null, Token)
        );

        Assert.Null(FakePackage.Cuda(_package).FindIn(Root));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "cuda")));
        Assert.Empty(Directory.EnumerateFiles(_folder, "escaped.so", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task UnpackAsync_ABomb_StopsAtTheLimit()
    {
        var file = Path.Combine(_folder, "bomb.nupkg");
        await File.WriteAllBytesAsync(
            file,
            FakePackage.With(
                ("runtimes/linux-x64/native/a.so", new string('0', 400_000)),
                ("runtimes/linux-x64/native/b.so", new string('0', 400_000))
            ),
            Token
        );
        var target = Directory.CreateDirectory(Path.Combine(_folder, "target")).FullName;

        var error = await Assert.ThrowsAsync<InvalidDataException>(() =>
            new PackageArchive { LargestTotal = 500_000 }.UnpackAsync(file, FakePackage.Cuda([]), target, Token)
        );

        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FetchAsync_MoreThanTheLimit_Stops()
    {
        using var http = new HttpClient();
        using var feed = new LoopbackFeed(_package);
        var address = new Uri(new Uri(feed.Index), feed.PackagePath);

        var error = await Assert.ThrowsAsync<IOException>(() =>
            new PackageDownload(http, TimeProvider.System) { LargestPackage = 10 }.FetchAsync(
                address,
                FakePackage.Sha512(_package),
                Path.Combine(_folder, "part"),
                progress: null,
                Token
            )
        );

        Assert.Contains("more than 10 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_Again_ReplacesWhatIsThere()
    {
        await InstallAsync(Feed(_package));
        var other = FakePackage.With(("runtimes/linux-x64/native/libonnxruntime.so", "newer"));

        var library = await new ExtraInstaller(Root, FakePackage.Cuda(other)).InstallAsync([Feed(other)], progress: null, Token);

        Assert.Equal("newer", await File.ReadAllTextAsync(library, Token));
        Assert.Equal(["libonnxruntime.so"], Installed());
    }

    [Fact]
    public async Task InstallAsync_FromAnUnencryptedAddress_IsRefused()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync("http://packages.example/v3/index.json"));

        Assert.Contains("https", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("""{"resources":[{}]}""")]
    [InlineData("""{"resources":[{"@type":"PackageBaseAddress/3.0.0","@id":"nowhere"}]}""")]
    public async Task InstallAsync_FromSomethingElseThanAService_SaysSo(string index)
    {
        using var feed = new LoopbackFeed(_package);
        feed.Documents["/v3/index.json"] = System.Text.Encoding.UTF8.GetBytes(index);

        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(feed.Index));

        Assert.Contains(feed.Index, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallAsync_NoSourceHasIt_NamesThoseAsked()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;

        var error = await Assert.ThrowsAsync<IOException>(() => InstallAsync(empty));

        Assert.Contains(empty, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_OnAPlatformWithoutCuda_NamesThoseThatHaveIt()
    {
        var error = Assert.Throws<IOException>(() => ExtraCatalog.Get(ExtraCatalog.Cuda, "osx-arm64"));

        Assert.Equal("There is no package with cuda for osx-arm64, only for linux-x64, win-x64.", error.Message);
    }

    private static (ExtraPackage Package, byte[] Content) Ffmpeg()
    {
        var content = FakePackage.OfNpm(
            ("package/package.json", "{}", UnixFileMode.UserRead),
            ("package/ffmpeg", "program", UnixFileMode.UserRead | UnixFileMode.UserExecute),
            ("other/file", "another's", UnixFileMode.UserRead)
        );
        return (ExtraCatalog.Get(ExtraCatalog.Ffmpeg, "linux-x64") with { Sha512 = FakePackage.Sha512(content) }, content);
    }

    /// <summary>Installs the package that every test begins with, or fails to find it in what the source has.</summary>
    private Task<string> InstallAsync(string source) =>
        new ExtraInstaller(Root, FakePackage.Cuda(_package)).InstallAsync([source], progress: null, Token);

    private string[] Installed() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "cuda", FakePackage.Version))
                .Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];

    private string Feed(byte[] package)
    {
        var feed = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        Write(Path.Combine(feed, $"{FakePackage.Id}.{FakePackage.Version}.nupkg"), package);
        return feed;
    }

    private static void Write(string file, byte[] package) => File.WriteAllBytes(file, package);
}
