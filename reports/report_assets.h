/* report_assets.h - style and script of the HTML report, built in from report.css and report.js. */
#ifndef MIA_REPORT_ASSETS_H
#define MIA_REPORT_ASSETS_H

extern const char report_css[];
extern const char report_js[];

#endif
