using System.Runtime.InteropServices;

namespace WanSharp.Tensors.Tests;

public sealed partial class MappedMemoryTests : IDisposable
{
    private const int Pages = 64;

    // the temporary folder may be memory itself
    private readonly string _path = Path.Combine(AppContext.BaseDirectory, Path.GetRandomFileName());
    private readonly int _length = Pages * Environment.SystemPageSize;

    public MappedMemoryTests()
    {
        using var file = File.Create(_path);
        file.Write(Enumerable.Range(0, _length).Select(i => (byte)(i * 31)).ToArray());
        file.Flush(flushToDisk: true); // a page that is not yet written cannot be let go
    }

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void ForgetAndReadAhead_OfAFile_MoveItsPages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Advice about pages is given on Linux alone.");
        using var file = MappedFile.Open(_path, shortest: 1);
        file.View.Forget(0, _length);
        Assert.Equal(0, Resident(file));

        file.View.ReadAhead(0, _length);
        Assert.Equal(Pages, Resident(file));

        file.View.Forget(1, _length - 1); // the first page holds another byte
        Assert.InRange(Resident(file), 1, Pages);
        Assert.Equal((byte)((_length / 4 * 31) & 0xff), file.Bytes(_length / 4, 1)[0]);
    }

    [Fact]
    public void Of_TensorsOfAFile_JoinsNeighbours()
    {
        using var file = MappedFile.Open(_path, shortest: 1);
        const int Far = 1 << 16;
        Tensor[] tensors =
        [
            file.Tensor(Far, DType.U8, [16]),
            file.Tensor(8, DType.U8, [8]),
            file.Tensor(64, DType.U8, [8]),
            Tensor.Zeros(DType.U8, [3]),
        ];

        Assert.Equal([new MappedRange(file.View, 8, 64), new MappedRange(file.View, Far, 16)], MappedRange.Of(tensors));
    }

    [Fact]
    public void Forget_OfAClosedFile_Throws()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Advice about pages is given on Linux alone.");
        var file = MappedFile.Open(_path, shortest: 1);
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.View.Forget(0, _length));
    }

    private int Resident(MappedFile file)
    {
        var pages = new byte[Pages];
        Assert.Equal(0, AskResident(file.View.DangerousGetHandle(), (nuint)_length, pages));
        return pages.Count(page => (page & 1) == 1);
    }

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int AskResident(nint address, nuint length, byte[] pages);
}
