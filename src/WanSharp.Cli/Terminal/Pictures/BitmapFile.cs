using System.Buffers.Binary;
using WanSharp.Media.Images;

namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>A picture as a BMP file of 24 bits, which needs no encoder and is read everywhere.</summary>
internal static class BitmapFile
{
    private const int FileHeader = 14;
    private const int ImageHeader = 40;

    public static byte[] Of(RgbImage picture)
    {
        var stride = ((3 * picture.Width) + 3) / 4 * 4;
        var file = new byte[FileHeader + ImageHeader + (stride * picture.Height)];
        "BM"u8.CopyTo(file);
        Write(2, file.Length);
        Write(10, FileHeader + ImageHeader);
        Write(FileHeader, ImageHeader);
        Write(FileHeader + 4, picture.Width);
        Write(FileHeader + 8, picture.Height); // rows from below
        Write(FileHeader + 12, 1 | (24 << 16)); // planes, bits
        for (var y = 0; y < picture.Height; y++)
        {
            var row = FileHeader + ImageHeader + ((picture.Height - 1 - y) * stride);
            for (var x = 0; x < picture.Width; x++)
            {
                var pixel = picture.Pixels.AsSpan(3 * ((y * picture.Width) + x), 3);
                (file[row + (3 * x)], file[row + (3 * x) + 1], file[row + (3 * x) + 2]) = (pixel[2], pixel[1], pixel[0]);
            }
        }

        return file;

        void Write(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
    }
}
