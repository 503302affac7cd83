using System.Runtime.InteropServices;
using System.Text;

namespace WanSharp.Runtime.Native;

/// <summary>Strings in native memory for the length of a scope.</summary>
internal sealed unsafe class NativeText : SafeBuffer
{
    private NativeText(int byteLength)
        : base(ownsHandle: true)
    {
        SetHandle((nint)NativeMemory.Alloc((nuint)byteLength));
        Initialize((ulong)byteLength);
    }

    /// <summary>The text, or the array of texts.</summary>
    public byte* Text => (byte*)handle;

    /// <summary>The array of texts that <see cref="Array"/> made.</summary>
    public byte** Texts => (byte**)handle;

    /// <summary>A zero-terminated text in UTF-8.</summary>
    public static NativeText Utf8(string text)
    {
        var buffer = new NativeText(Encoding.UTF8.GetByteCount(text) + 1);
        Write(text, buffer.Text);
        return buffer;
    }

    /// <summary>A zero-terminated path as the library wants it (<c>ORTCHAR_T</c>): UTF-16 on Windows, UTF-8 elsewhere.</summary>
    public static NativeText Path(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            return Utf8(path);
        }

        var buffer = new NativeText((path.Length + 1) * sizeof(char));
        var characters = new Span<char>(buffer.Text, path.Length + 1);
        path.CopyTo(characters);
        characters[path.Length] = '\0';
        return buffer;
    }

    /// <summary>Pointers to zero-terminated texts in UTF-8, followed by the texts themselves, in one piece of memory.</summary>
    public static NativeText Array(IReadOnlyCollection<string> texts)
    {
        var buffer = new NativeText((texts.Count * sizeof(byte*)) + texts.Sum(text => Encoding.UTF8.GetByteCount(text) + 1) + 1);
        var next = buffer.Text + (texts.Count * sizeof(byte*));
        var index = 0;
        foreach (var text in texts)
        {
            buffer.Texts[index++] = next;
            next = Write(text, next);
        }

        return buffer;
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }

    private static byte* Write(string text, byte* target)
    {
        var length = Encoding.UTF8.GetBytes(text, new Span<byte>(target, Encoding.UTF8.GetByteCount(text)));
        target[length] = 0;
        return target + length + 1;
    }
}
