//! Pictures, decoded within limits and written anew: no place, no camera, nothing behind the last pixel.

use std::io::Cursor;

use frontdesk_actors::ports::FileError;
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The most memory that a decoded picture may take, in bytes: 13 million pixels of a photo.
const DECODED_MAX_BYTES: u64 = 40 * 1024 * 1024;
/// The same for a JPEG in passes, of which the decoder holds twice as much beside the picture.
const PROGRESSIVE_MAX_BYTES: u64 = 12 * 1024 * 1024;
/// The longest side, in pixels: a file that claims more is not even begun.
const SIDE_MAX: u32 = 20_000;
/// The longest side of what is kept, in pixels.
const KEPT_SIDE_MAX: u32 = 2_560;
/// How well a photo is kept, of 100.
const JPEG_QUALITY: u8 = 85;
/// The most pixels of all frames of an animation together; what is beyond is left out.
const ANIMATION_MAX_PIXELS: u64 = 40_000_000;
/// The most memory that one frame of an animation may take, in bytes.
const FRAME_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Reads a picture and writes it anew, in the same format.
///
/// # Errors
/// `TooLarge` beyond the limits, `Unfit` for what cannot be read.
pub(super) fn anew(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, FileError> {
    if format == ImageFormat::Gif {
        return animation(bytes);
    }
    let max = if format == ImageFormat::Jpeg && is_progressive(bytes) {
        PROGRESSIVE_MAX_BYTES
    } else {
        DECODED_MAX_BYTES
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(max));
    let mut decoder = reader.into_decoder().map_err(|error| unfit(&error))?;
    if decoder.total_bytes() > max {
        return Err(FileError::TooLarge);
    }
    let turned = decoder.orientation().map_err(|error| unfit(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| unfit(&error))?;
    if picture.width().max(picture.height()) > KEPT_SIDE_MAX {
        picture = picture.thumbnail(KEPT_SIDE_MAX, KEPT_SIDE_MAX);
    }
    picture.apply_orientation(turned);
    let mut out = Vec::new();
    let written = match format {
        ImageFormat::Jpeg => {
            picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY))
        }
        _ => picture.write_to(&mut Cursor::new(&mut out), format),
    };
    written.map_err(|error| unfit(&error))?;
    Ok(out)
}

/// A GIF, frame by frame.
fn animation(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    let mut decoder = GifDecoder::new(Cursor::new(bytes)).map_err(|error| unfit(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels * 4 > FRAME_MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    decoder.set_limits(limits(FRAME_MAX_BYTES * 4)).map_err(|error| unfit(&error))?;
    let frames_max = usize::try_from(ANIMATION_MAX_PIXELS / pixels.max(1)).unwrap_or(usize::MAX).min(300);
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 20);
    encoder.set_repeat(Repeat::Infinite).map_err(|error| unfit(&error))?;
    let mut count = 0;
    for frame in decoder.into_frames().take(frames_max) {
        match frame {
            Ok(frame) => encoder.encode_frame(frame).map_err(|error| unfit(&error))?,
            // What could be read is a picture; the rest is not.
            Err(_) if count > 0 => break,
            Err(error) => return Err(unfit(&error)),
        }
        count += 1;
    }
    drop(encoder);
    if count == 0 { Err(FileError::Unfit("a picture without a picture")) } else { Ok(out) }
}

fn limits(max_bytes: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(max_bytes);
    limits
}

fn unfit(error: &image::ImageError) -> FileError {
    match error {
        image::ImageError::Limits(_) => FileError::TooLarge,
        _ => FileError::Unfit("a picture that cannot be read"),
    }
}

/// True if the first frame of a JPEG is coded in passes.
fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xC2 | 0xC6 | 0xCA | 0xCE => return true,
            0xC0 | 0xC1 | 0xC3 | 0xC5 | 0xC7 | 0xC9 | 0xCB | 0xCD | 0xCF | 0xDA => return false,
            // Fill bytes may stand before a marker.
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    // Not to be followed: then with the stricter limit.
    true
}
