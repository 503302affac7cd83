using System.Text;

namespace WanSharp.Tensors.Tests;

/// <summary>A folder for one test's files, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("wansharp-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public static implicit operator string(TemporaryFolder folder) => folder._path;

    /// <summary>Writes a safetensors file from its parts.</summary>
    public string Write(string name, string header, int dataLength = 0, long? headerLength = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(this[name], [.. BitConverter.GetBytes(headerLength ?? json.Length), .. json, .. Enumerable.Range(1, dataLength).Select(i => (byte)i)]);
        return this[name];
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
